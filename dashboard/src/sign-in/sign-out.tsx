import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Me } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';

/** Ends the sign-in, where there is one: in the open mode of one machine nobody signs in. */
export function SignOut({ me }: { readonly me: Me }) {
  const queries = useQueryClient();
  const [state, setState] = useState<'ready' | 'busy' | 'failed'>('ready');
  if (me.signedInWith !== 'cookie') return null;
  const signOut = async () => {
    setState('busy');
    try {
      await squadra.signOut();
      await queries.invalidateQueries({ queryKey: ['identity'] });
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'identity' });
    } catch {
      setState('failed');
    }
  };
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={state === 'busy'}
        title={`Signed in with the key ${me.name}`}
        onClick={() => void signOut()}
      >
        Sign out
      </button>
      {state === 'failed' && <output className="muted">You are still signed in: the server did not answer.</output>}
    </>
  );
}

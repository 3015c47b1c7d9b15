import { useQuery } from '@tanstack/react-query';
import { ProblemError } from '../../../src/client.ts';
import type { Me } from '../../../src/client.ts';
import { squadra } from './squadra.ts';

/** Who looks at the page, as far as the server knows. */
export type Identity =
  | { readonly state: 'asking' }
  | { readonly state: 'unknown' }
  | { readonly state: 'known'; readonly me: Me }
  | { readonly state: 'failed'; readonly error: unknown; readonly retry: () => void };

/** Asks the server who looks at the page; `unknown` is who has to sign in. */
export function useIdentity(): Identity {
  const { data, error, refetch } = useQuery({ queryKey: ['identity'], queryFn: () => squadra.me() });
  if (error instanceof ProblemError && error.status === 401) return { state: 'unknown' };
  if (data !== undefined) return { state: 'known', me: data };
  if (error !== null) return { state: 'failed', error, retry: () => void refetch() };
  return { state: 'asking' };
}

import type { Me } from '../../../src/client.ts';
import { useIdentity } from './identity.ts';

/** Whether who looks at the page may do what needs the scope. What one may not do is not offered; the server decides all the same. */
export function useMay(scope: Me['scopes'][number]): boolean {
  const identity = useIdentity();
  return identity.state === 'known' && identity.me.scopes.includes(scope);
}

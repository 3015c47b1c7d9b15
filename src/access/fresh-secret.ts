import { randomBytes } from 'node:crypto';

/** A secret of 256 bits, as text. */
export function freshSecret(): string {
  return randomBytes(32).toString('base64url');
}

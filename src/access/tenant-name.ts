import { SquadraError } from '../kernel/errors.ts';

const maxLength = 128;
/** What stands before a user's own name where the user belongs to no organisation. */
const personPrefix = 'user:';

/** Whether a tenant may bear this name: 1 to 128 characters that can be seen, without spaces. */
export function isTenantName(name: string): boolean {
  return name.length >= 1 && name.length <= maxLength && /^[^\p{C}\p{Z}]+$/u.test(name);
}

/** Throws `INVALID_INPUT` unless a tenant may bear this name. */
export function checkTenantName(name: string): string {
  if (isTenantName(name)) return name;
  throw new SquadraError('INVALID_INPUT', `A tenant is named by 1 to ${maxLength} visible characters without spaces.`);
}

/**
 * The tenant of a user whom an issuer vouches for: the organisation, under the name that the issuer gives it; else a tenant
 * of the user's own. That one bears a prefix, or whoever may choose a user name could choose an organisation's. Null for
 * names that no token may claim: `local` belongs to the machine, `user:` to users.
 */
export function tenantOfToken(organisation: string | null, sub: string): string | null {
  const name = organisation ?? `${personPrefix}${sub}`;
  if (!isTenantName(name)) return null;
  if (organisation !== null && (name === 'local' || name.startsWith(personPrefix))) return null;
  return name;
}

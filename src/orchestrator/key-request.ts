import type { NewApiKey } from '../access/access-store.ts';
import type { Scope } from '../access/principal.ts';
import { checkTenantName } from '../access/tenant-name.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/id.ts';

/** What a caller says of a new key. */
export interface KeyRequest {
  /** 1 to 100 characters. */
  readonly name: string;
  /** At least one. */
  readonly scopes: readonly Scope[];
  /** Milliseconds from now; null for a key that never expires. */
  readonly expiresInMs: number | null;
}

const maxNameLength = 100;

/** A key as it is stored, checked. Throws `INVALID_INPUT`. */
export function newKey(
  tenant: string,
  { name, scopes, expiresInMs }: KeyRequest,
  { prefix, hash }: { readonly prefix: string; readonly hash: string },
  { clock, ids }: { readonly clock: Clock; readonly ids: IdSource },
): NewApiKey {
  checkTenantName(tenant);
  if (name.trim() === '' || name.length > maxNameLength)
    throw invalid(`its name has to have 1 to ${maxNameLength} characters`);
  if (scopes.length === 0) throw invalid('it has to have a scope: read, write or admin');
  if (expiresInMs !== null && expiresInMs <= 0) throw invalid('it has to expire later than now');
  const createdAt = clock.now();
  const expiresAt = expiresInMs === null ? null : createdAt + expiresInMs;
  return { id: ids(), tenant, name, prefix, hash, scopes: [...new Set(scopes)], createdAt, expiresAt, revokedAt: null };
}

function invalid(why: string): SquadraError {
  return new SquadraError('INVALID_INPUT', `The key was refused: ${why}.`);
}

import type { ApiKey, User } from '../../access/access-store.ts';
import type { Scope } from '../../access/principal.ts';
import { text, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { Row } from './row.ts';

/** The columns of a key in the order of `apiKeyOf`. */
export const apiKeyColumns = 'id, tenant, name, prefix, scopes, created_at, expires_at, revoked_at';

export function apiKeyOf(row: Row): ApiKey {
  return {
    id: text(row[0]),
    tenant: text(row[1]),
    name: text(row[2]),
    prefix: text(row[3]),
    // Only the operation `addKey` writes them.
    scopes: text(row[4]).split(' ') as Scope[],
    createdAt: whole(row[5]),
    expiresAt: wholeOrNull(row[6]),
    revokedAt: wholeOrNull(row[7]),
  };
}

/** The columns of a user in the order of `userOf`. */
export const userColumns = 'id, tenant, sub, name, email, created_at';

export function userOf(row: Row): User {
  return {
    id: text(row[0]),
    tenant: text(row[1]),
    sub: text(row[2]),
    name: textOrNull(row[3]),
    email: textOrNull(row[4]),
    createdAt: whole(row[5]),
  };
}

import type { DatabaseSync } from 'node:sqlite';
import type { NewApiKey, User } from '../../../access/access-store.ts';
import { SquadraError } from '../../../kernel/errors.ts';
import { apiKeyColumns } from '../../rows/access-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { sessionOperations } from './sessions.ts';
import type { SessionOperations } from './sessions.ts';

export interface AccessOperations extends SessionOperations {
  addKey(key: NewApiKey): void;
  /** The one there is; `fresh` where there was none. */
  signingSecret(fresh: string): string;
  /** The key as it is now, in `apiKeyColumns`. */
  revokeKey(revoke: { readonly tenant: string; readonly idOrPrefix: string; readonly at: number }): Row;
  /** The id of the user, and when it was first seen. */
  seeUser(user: User): Row;
}

/** Changes of keys and users. Keys are never deleted: that one was ever made closes the open mode for good. */
export function accessOperations(database: DatabaseSync): AccessOperations {
  const insertKey = prepare(
    database,
    `INSERT INTO api_keys (id, tenant, name, prefix, hash, scopes, created_at, expires_at, revoked_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const keepSecret = prepare(
    database,
    'INSERT INTO signing_secret (id, secret) VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET secret = secret RETURNING secret',
  );
  const byId = prepare(database, `SELECT ${apiKeyColumns} FROM api_keys WHERE tenant = ? AND id = ?`);
  // Chance may give two keys of a tenant the same prefix: one that still holds is meant.
  const byPrefix = prepare(
    database,
    `SELECT ${apiKeyColumns} FROM api_keys WHERE tenant = ? AND prefix = ? AND revoked_at IS NULL ORDER BY id DESC LIMIT 1`,
  );
  const revokedByPrefix = prepare(
    database,
    `SELECT ${apiKeyColumns} FROM api_keys WHERE tenant = ? AND prefix = ? ORDER BY id DESC LIMIT 1`,
  );
  const revoke = prepare(database, 'UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL');
  const endSessionsOf = prepare(database, 'DELETE FROM sessions WHERE key_id = ?');
  const upsertUser = prepare(
    database,
    `INSERT INTO users (id, tenant, sub, name, email, created_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (tenant, sub) DO UPDATE SET name = excluded.name, email = excluded.email RETURNING id, created_at`,
  );

  return {
    ...sessionOperations(database),
    addKey: ({ id, tenant, name, prefix, hash, scopes, createdAt, expiresAt, revokedAt }) => {
      insertKey.run(id, tenant, name, prefix, hash, scopes.join(' '), createdAt, expiresAt, revokedAt);
    },
    signingSecret: (fresh) => String(keepSecret.first(fresh)?.[0]),
    revokeKey: ({ tenant, idOrPrefix, at }) => {
      const found =
        byId.first(tenant, idOrPrefix) ??
        byPrefix.first(tenant, idOrPrefix) ??
        revokedByPrefix.first(tenant, idOrPrefix);
      if (found === undefined) {
        throw new SquadraError('NOT_FOUND', 'This tenant has no such key; `squadra keys list` shows those there are.');
      }
      const id = String(found[0]);
      revoke.run(at, id);
      // What was signed in with it goes with it.
      endSessionsOf.run(id);
      return byId.first(tenant, id) ?? found;
    },
    seeUser: ({ id, tenant, sub, name, email, createdAt }) =>
      upsertUser.first(id, tenant, sub, name, email, createdAt) ?? [id, createdAt],
  };
}

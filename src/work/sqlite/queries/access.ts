import type { DatabaseSync } from 'node:sqlite';
import { apiKeyColumns, userColumns } from '../../rows/access-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

export function accessQueries(database: DatabaseSync) {
  const byHash = prepare(database, `SELECT ${apiKeyColumns} FROM api_keys WHERE hash = ?`);
  const byId = prepare(database, `SELECT ${apiKeyColumns} FROM api_keys WHERE tenant = ? AND id = ?`);
  const ofTenant = prepare(database, `SELECT ${apiKeyColumns} FROM api_keys WHERE tenant = ? ORDER BY id DESC`);
  const session = prepare(
    database,
    `SELECT session.key_id, session.created_at, session.used_at, ${apiKeyColumns.replaceAll(/\w+/g, 'key.$&')}
      FROM sessions AS session JOIN api_keys AS key ON key.id = session.key_id WHERE session.hash = ?`,
  );
  const any = prepare(database, 'SELECT 1 FROM api_keys LIMIT 1');
  const bySub = prepare(database, `SELECT ${userColumns} FROM users WHERE tenant = ? AND sub = ?`);
  return {
    apiKey: ({ hash }: { readonly hash: string }): Row | undefined => byHash.first(hash),
    apiKeyById: ({ tenant, id }: { readonly tenant: string; readonly id: string }): Row | undefined =>
      byId.first(tenant, id),
    apiKeys: ({ tenant }: { readonly tenant: string }): Row[] => ofTenant.all(tenant),
    session: ({ hash }: { readonly hash: string }): Row | undefined => session.first(hash),
    hasApiKeys: (_: null): boolean => any.first() !== undefined,
    user: ({ tenant, sub }: { readonly tenant: string; readonly sub: string }): Row | undefined =>
      bySub.first(tenant, sub),
  };
}

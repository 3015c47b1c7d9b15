import type { AccessStore, ApiKey, NewApiKey, User } from '../../access/access-store.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { apiKeyColumns, apiKeyOf, userColumns, userOf } from '../rows/access-row.ts';
import { text, whole } from '../rows/columns.ts';
import type { Row } from '../rows/row.ts';
import type { Database } from './database.ts';

/** Keys and users of a fleet. Keys are never deleted: that one was ever made closes the open mode for good. */
export class PostgresAccessStore implements AccessStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async findKey(hash: string): Promise<ApiKey | null> {
    const row = await this.#database.first(`SELECT ${apiKeyColumns} FROM api_keys WHERE hash = $1`, hash);
    return row === undefined ? null : apiKeyOf(row);
  }

  async getKey(tenant: string, id: string): Promise<ApiKey | null> {
    const sql = `SELECT ${apiKeyColumns} FROM api_keys WHERE tenant = $1 AND id = $2`;
    const row = await this.#database.first(sql, tenant, id);
    return row === undefined ? null : apiKeyOf(row);
  }

  async listKeys(tenant: string): Promise<readonly ApiKey[]> {
    const sql = `SELECT ${apiKeyColumns} FROM api_keys WHERE tenant = $1 ORDER BY id DESC`;
    return (await this.#database.all(sql, tenant)).map(apiKeyOf);
  }

  async hasKeys(): Promise<boolean> {
    return (await this.#database.first('SELECT 1 FROM api_keys LIMIT 1')) !== undefined;
  }

  async signingSecret(fresh: string): Promise<string> {
    const read = (): Promise<Row | undefined> => this.#database.first('SELECT secret FROM signing_secret WHERE id = 0');
    const sql = 'INSERT INTO signing_secret (id, secret) VALUES (0, $1) ON CONFLICT DO NOTHING';
    const row = (await read()) ?? (await this.#database.run(sql, fresh).then(read));
    return text(row?.[0]);
  }

  async addKey(key: NewApiKey): Promise<void> {
    const { id, tenant, name, prefix, hash, scopes, createdAt, expiresAt, revokedAt } = key;
    await this.#database.run(
      `INSERT INTO api_keys (id, tenant, name, prefix, hash, scopes, created_at, expires_at, revoked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
      id,
      tenant,
      name,
      prefix,
      hash,
      scopes.join(' '),
      createdAt,
      expiresAt,
      revokedAt,
    );
  }

  /** What was signed in with it goes with it. */
  async revokeKey(tenant: string, idOrPrefix: string, at: number): Promise<ApiKey> {
    const row = await this.#database.first(
      // Chance may give two keys of a tenant the same prefix: one that still holds is meant.
      `WITH meant AS (
          SELECT id FROM api_keys WHERE tenant = $1 AND (id = $2 OR prefix = $2)
            ORDER BY id = $2 DESC, revoked_at IS NULL DESC, id DESC LIMIT 1
        ),
        ended AS (DELETE FROM sessions USING meant WHERE key_id = meant.id)
        UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3) FROM meant WHERE api_keys.id = meant.id
          RETURNING ${apiKeyColumns.replaceAll(/\w+/g, 'api_keys.$&')}`,
      tenant,
      idOrPrefix,
      at,
    );
    if (row === undefined)
      throw new SquadraError('NOT_FOUND', 'This tenant has no such key; `squadra keys list` shows those there are.');
    return apiKeyOf(row);
  }

  /** Reads first: nearly every time there is nothing to write. */
  async seeUser(tenant: string, newUser: User): Promise<User> {
    const { id, sub, name, email, createdAt } = newUser;
    const found = await this.#database.first(
      `SELECT ${userColumns} FROM users WHERE tenant = $1 AND sub = $2`,
      tenant,
      sub,
    );
    const known = found === undefined ? null : userOf(found);
    if (known !== null && known.name === name && known.email === email) return known;
    const row = await this.#database.first(
      `INSERT INTO users (id, tenant, sub, name, email, created_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant, sub) DO UPDATE SET name = excluded.name, email = excluded.email RETURNING id, created_at`,
      id,
      tenant,
      sub,
      name,
      email,
      createdAt,
    );
    return { ...newUser, tenant, id: text(row?.[0] ?? id), createdAt: whole(row?.[1] ?? createdAt) };
  }
}

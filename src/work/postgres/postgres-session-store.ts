import type { FoundSession, SessionStore } from '../../access/session-store.ts';
import { sessionIdleMs, sessionLifeMs } from '../../access/session.ts';
import type { Session } from '../../access/session.ts';
import { apiKeyColumns, apiKeyOf } from '../rows/access-row.ts';
import { text, whole } from '../rows/columns.ts';
import type { Database } from './database.ts';

/** Sign-ins come, are used and go. Those that are over go with the next one that comes. */
export class PostgresSessionStore implements SessionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add({ hash, keyId, createdAt, usedAt }: Session, atMost: number): Promise<void> {
    await this.#database.transaction(async (statements) => {
      // Two that sign in with one key at once are not to end up with one session too many.
      await statements.run('SELECT 1 FROM api_keys WHERE id = $1 FOR NO KEY UPDATE', keyId);
      await statements.run(
        'DELETE FROM sessions WHERE used_at <= $1 OR (key_id = $2 AND created_at <= $3)',
        createdAt - sessionIdleMs,
        keyId,
        createdAt - sessionLifeMs,
      );
      await statements.run(
        'INSERT INTO sessions (hash, key_id, created_at, used_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
        hash,
        keyId,
        createdAt,
        usedAt,
      );
      await statements.run(
        `DELETE FROM sessions WHERE hash IN
          (SELECT hash FROM sessions WHERE key_id = $1 ORDER BY created_at DESC, hash OFFSET $2)`,
        keyId,
        atMost,
      );
    });
  }

  async find(hash: string): Promise<FoundSession | null> {
    const row = await this.#database.first(
      `SELECT session.key_id, session.created_at, session.used_at, ${apiKeyColumns.replaceAll(/\w+/g, 'key.$&')}
        FROM sessions AS session JOIN api_keys AS key ON key.id = session.key_id WHERE session.hash = $1`,
      hash,
    );
    if (row === undefined) return null;
    const [keyId, createdAt, usedAt, ...key] = row;
    const session = { hash, keyId: text(keyId), createdAt: whole(createdAt), usedAt: whole(usedAt) };
    return { session, key: apiKeyOf(key) };
  }

  async use(hash: string, at: number): Promise<void> {
    await this.#database.run('UPDATE sessions SET used_at = greatest(used_at, $1) WHERE hash = $2', at, hash);
  }

  async remove(hash: string): Promise<void> {
    await this.#database.run('DELETE FROM sessions WHERE hash = $1', hash);
  }
}

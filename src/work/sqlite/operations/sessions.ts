import type { DatabaseSync } from 'node:sqlite';
import { sessionIdleMs, sessionLifeMs } from '../../../access/session.ts';
import type { Session } from '../../../access/session.ts';
import { prepare } from '../statements.ts';

export interface SessionOperations {
  addSession(add: { readonly session: Session; readonly atMost: number }): void;
  useSession(use: { readonly hash: string; readonly at: number }): void;
  removeSession(remove: { readonly hash: string }): void;
}

/** Sign-ins come, are used and go. Those that are over go with the next one that comes. */
export function sessionOperations(database: DatabaseSync): SessionOperations {
  const insert = prepare(
    database,
    'INSERT INTO sessions (hash, key_id, created_at, used_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const removeUnused = prepare(database, 'DELETE FROM sessions WHERE used_at <= ?');
  const removeOld = prepare(database, 'DELETE FROM sessions WHERE key_id = ? AND created_at <= ?');
  const removeBeyond = prepare(
    database,
    `DELETE FROM sessions WHERE hash IN
      (SELECT hash FROM sessions WHERE key_id = ? ORDER BY created_at DESC, hash LIMIT -1 OFFSET ?)`,
  );
  const use = prepare(database, 'UPDATE sessions SET used_at = max(used_at, ?) WHERE hash = ?');
  const remove = prepare(database, 'DELETE FROM sessions WHERE hash = ?');
  return {
    addSession: ({ session: { hash, keyId, createdAt, usedAt }, atMost }) => {
      removeUnused.run(createdAt - sessionIdleMs);
      removeOld.run(keyId, createdAt - sessionLifeMs);
      insert.run(hash, keyId, createdAt, usedAt);
      removeBeyond.run(keyId, atMost);
    },
    useSession: ({ hash, at }) => void use.run(at, hash),
    removeSession: ({ hash }) => void remove.run(hash),
  };
}

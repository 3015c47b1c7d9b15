import type { FoundSession, SessionStore } from '../../access/session-store.ts';
import type { Session } from '../../access/session.ts';
import { apiKeyOf } from '../rows/access-row.ts';
import { text, whole } from '../rows/columns.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { Writer } from './writer.ts';

/** Sign-ins on one SQLite file. */
export class SqliteSessionStore implements SessionStore {
  readonly #writer: Writer;
  readonly #readers: ReaderPool;

  constructor(writer: Writer, readers: ReaderPool) {
    this.#writer = writer;
    this.#readers = readers;
  }

  add(session: Session, atMost: number): Promise<void> {
    return this.#writer.run('addSession', { session, atMost });
  }

  async find(hash: string): Promise<FoundSession | null> {
    const row = await this.#readers.run('session', { hash });
    if (row === undefined) return null;
    const [keyId, createdAt, usedAt, ...key] = row;
    const session = { hash, keyId: text(keyId), createdAt: whole(createdAt), usedAt: whole(usedAt) };
    return { session, key: apiKeyOf(key) };
  }

  use(hash: string, at: number): Promise<void> {
    return this.#writer.run('useSession', { hash, at });
  }

  remove(hash: string): Promise<void> {
    return this.#writer.run('removeSession', { hash });
  }
}

import type { AccessStore, ApiKey, NewApiKey, User } from '../../access/access-store.ts';
import { apiKeyOf, userOf } from '../rows/access-row.ts';
import { text, whole } from '../rows/columns.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { Writer } from './writer.ts';

/** The reading half, which a process that does not own the state has too. */
export type AccessReports = Pick<AccessStore, 'findKey' | 'getKey' | 'listKeys' | 'hasKeys'>;

export class SqliteAccessReports implements AccessReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async findKey(hash: string): Promise<ApiKey | null> {
    const row = await this.#readers.run('apiKey', { hash });
    return row === undefined ? null : apiKeyOf(row);
  }

  async getKey(tenant: string, id: string): Promise<ApiKey | null> {
    const row = await this.#readers.run('apiKeyById', { tenant, id });
    return row === undefined ? null : apiKeyOf(row);
  }

  async listKeys(tenant: string): Promise<readonly ApiKey[]> {
    return (await this.#readers.run('apiKeys', { tenant })).map(apiKeyOf);
  }

  hasKeys(): Promise<boolean> {
    return this.#readers.run('hasApiKeys', null);
  }
}

/** Keys and users on one SQLite file. */
export class SqliteAccessStore extends SqliteAccessReports implements AccessStore {
  readonly #writer: Writer;
  readonly #readers: ReaderPool;

  constructor(writer: Writer, readers: ReaderPool) {
    super(readers);
    this.#writer = writer;
    this.#readers = readers;
  }

  signingSecret(fresh: string): Promise<string> {
    return this.#writer.run('signingSecret', fresh);
  }

  addKey(key: NewApiKey): Promise<void> {
    return this.#writer.run('addKey', key);
  }

  async revokeKey(tenant: string, idOrPrefix: string, at: number): Promise<ApiKey> {
    return apiKeyOf(await this.#writer.run('revokeKey', { tenant, idOrPrefix, at }));
  }

  /** Reads first: nearly every time there is nothing to write. */
  async seeUser(tenant: string, newUser: User): Promise<User> {
    const { sub, name, email } = newUser;
    const row = await this.#readers.run('user', { tenant, sub });
    const known = row === undefined ? null : userOf(row);
    if (known !== null && known.name === name && known.email === email) return known;
    const [id, createdAt] = await this.#writer.run('seeUser', { ...newUser, tenant });
    return { ...newUser, tenant, id: text(id), createdAt: whole(createdAt) };
  }
}

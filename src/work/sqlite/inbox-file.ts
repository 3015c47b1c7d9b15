import { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import type { InboxCommand, InboxReply } from '../inbox.ts';
import { prepare } from './statements.ts';
import type { Row, Statement } from './statements.ts';
import { storeError } from './sqlite-failure.ts';

/** A write waits this long for another process before it is left for the next turn: the loop must not stand still. */
const busyMs = 20;
/** Commands that wait for an owner. More means that nobody takes them. */
const maxWaiting = 1_000;
const busy = 5;

/** The file through which processes hand commands to the owner of a state folder: one small synchronous call at a time. */
export class InboxFile implements Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: InboxStatements;

  /** Opens the file and makes it if need be. Throws why it cannot be opened. */
  constructor(path: string) {
    this.#path = path;
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: 1_000 });
      // A command lost by a power cut had not been answered: its sender knows. So nothing is synced.
      database.exec(
        `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}; PRAGMA busy_timeout = ${busyMs}`,
      );
      this.#database = database;
      this.#statements = inboxStatements(database);
    } catch (error) {
      database?.close();
      throw storeError(error, path);
    }
  }

  /** Changes whenever another process has written something. */
  dataVersion(): number {
    return Number(this.#read(() => this.#statements.dataVersion.first())?.[0]);
  }

  /** Leaves a command; one that is there already stays as it is. Null when the file was busy: try again. */
  leave(command: InboxCommand, at: number): true | null {
    const { id, tenant, name, body } = command;
    if (Number(this.#read(() => this.#statements.waiting.first(maxWaiting))?.[0]) >= maxWaiting) {
      throw new SquadraError('WRITES_SATURATED', `${maxWaiting} commands wait for the owner of ${this.#path} already.`);
    }
    return this.#write(() => this.#statements.leave.run(id, tenant, name, JSON.stringify(body), at)) === null
      ? null
      : true;
  }

  /** The reply to a command, when there is one. */
  reply(id: string): InboxReply | null {
    const reply = this.#read(() => this.#statements.reply.first(id))?.[0];
    // Written by `answer`.
    return typeof reply === 'string' ? (JSON.parse(reply) as InboxReply) : null;
  }

  /** Takes a command back that no owner has begun; false when one has. Null when the file was busy. */
  withdraw(id: string): boolean | null {
    const withdrawn = this.#write(() => this.#statements.withdraw.run(id));
    return withdrawn === null ? null : withdrawn > 0;
  }

  /** The oldest command without a reply. */
  oldest(): InboxCommand | null {
    const row = this.#read(() => this.#statements.oldest.first());
    return row === undefined ? null : commandOf(row);
  }

  /** Notes that the owner begins a command: from now on it cannot be withdrawn. False when it was; null when busy. */
  begin(id: string): boolean | null {
    const begun = this.#write(() => this.#statements.begin.run(id));
    return begun === null ? null : begun > 0;
  }

  /** Null when the file was busy. */
  answer(id: string, reply: InboxReply, at: number): true | null {
    return this.#write(() => this.#statements.answer.run(JSON.stringify(reply), at, id)) === null ? null : true;
  }

  /** Forgets what was answered before a time. */
  forget(before: number): void {
    this.#write(() => this.#statements.forget.run(before));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #read<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }

  #write<T>(run: () => T): T | null {
    try {
      return run();
    } catch (error) {
      if (isBusy(error)) return null;
      throw storeError(error, this.#path);
    }
  }
}

const schema = `CREATE TABLE IF NOT EXISTS commands (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  left_at INTEGER NOT NULL,
  begun INTEGER NOT NULL DEFAULT 0,
  reply TEXT,
  answered_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS commands_waiting ON commands (no) WHERE reply IS NULL`;

type InboxStatements = Readonly<
  Record<
    'dataVersion' | 'waiting' | 'leave' | 'reply' | 'withdraw' | 'oldest' | 'begin' | 'answer' | 'forget',
    Statement
  >
>;

function inboxStatements(database: DatabaseSync): InboxStatements {
  return {
    dataVersion: prepare(database, 'PRAGMA data_version'),
    waiting: prepare(database, 'SELECT count(*) FROM (SELECT 1 FROM commands WHERE reply IS NULL LIMIT ?)'),
    leave: prepare(
      database,
      'INSERT INTO commands (id, tenant, name, body, left_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    ),
    reply: prepare(database, 'SELECT reply FROM commands WHERE id = ?'),
    withdraw: prepare(database, 'DELETE FROM commands WHERE id = ? AND begun = 0'),
    oldest: prepare(database, 'SELECT id, tenant, name, body FROM commands WHERE reply IS NULL ORDER BY no LIMIT 1'),
    begin: prepare(database, 'UPDATE commands SET begun = 1 WHERE id = ? AND reply IS NULL'),
    answer: prepare(database, 'UPDATE commands SET reply = ?, answered_at = ? WHERE id = ?'),
    forget: prepare(database, 'DELETE FROM commands WHERE answered_at < ?'),
  };
}

function commandOf([id, tenant, name, body]: Row): InboxCommand {
  return {
    id: String(id),
    tenant: String(tenant),
    // Only `leave` writes the columns.
    name: String(name) as InboxCommand['name'],
    body: JSON.parse(String(body)) as Json,
  };
}

function isBusy(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & 0xff) === busy
  );
}

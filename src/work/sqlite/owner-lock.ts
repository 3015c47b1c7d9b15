import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../kernel/errors.ts';
import { storeError } from './sqlite-failure.ts';

/** Who runs a state folder. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** What it was started as: `serve`, `run`, `demo`, or `library`. */
  readonly command: string;
  readonly since: string;
}

const busy = 5;

/**
 * The right to run a state folder: an exclusive transaction on a small SQLite file of its own. SQLite holds it as a lock
 * of the operating system, which ends with the process however it ends. Beside it lies a note that says who holds it.
 */
export class OwnerLock implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Throws `STORE_LOCKED` naming the owner when another process holds it. */
  static take(lockPath: string, owner: Owner): OwnerLock {
    const notePath = `${lockPath}.json`;
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(lockPath, { timeout: 0 });
      database.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
      writeFileSync(notePath, JSON.stringify(owner));
    } catch (error) {
      database?.close();
      if (isBusy(error)) throw lockedBy(OwnerLock.read(lockPath), error);
      throw storeError(error, lockPath);
    }
    return new OwnerLock(database);
  }

  /** The note of the one who took it last; it may be gone by now. */
  static read(lockPath: string): Owner | null {
    try {
      // Written by `take`; shown to people only.
      return JSON.parse(readFileSync(`${lockPath}.json`, 'utf8')) as Owner;
    } catch {
      return null;
    }
  }

  /** Whether somebody holds it now. */
  static isTaken(lockPath: string): boolean {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(lockPath, { timeout: 0, readOnly: true });
      database.prepare('SELECT count(*) FROM sqlite_schema').get();
      return false;
    } catch (error) {
      return isBusy(error);
    } finally {
      database?.close();
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
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

function lockedBy(owner: Owner | null, cause: unknown): SquadraError {
  const who =
    owner === null
      ? 'another process'
      : `process ${owner.pid} on ${owner.host} (squadra ${owner.command}, since ${owner.since})`;
  return new SquadraError('STORE_LOCKED', `This state folder is run by ${who}.`, {
    cause,
    details: owner === null ? {} : { ...owner },
  });
}

/** The note of this process. */
export function thisOwner(command: string, now: number): Owner {
  return { pid: process.pid, host: hostname(), command, since: new Date(now).toISOString() };
}

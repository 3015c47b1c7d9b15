import type { BusDatabase } from './bus-database.ts';
import type { OutgoingTold } from '../outgoing.ts';
import { writeTold } from '../told.ts';

/** Number and body of a row; no body where it is the reader's own, or not for it. */
export type LiveRow = readonly [no: number, body: string | null];

/** Rows that are read at once. */
export const pageSize = 200;
/** How long a row stays: who has not read it by then has lost it. */
const keptMs = 30_000;
const sweptAtOnce = 500;

const nowSql = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** The table through which processes tell each other. Times are those of the database. */
export class LiveEvents {
  readonly #database: BusDatabase;
  readonly #process: string;

  constructor(database: BusDatabase, process: string) {
    this.#database = database;
    this.#process = process;
  }

  async write({ told, isRequest }: OutgoingTold): Promise<void> {
    await this.#database.run(
      `INSERT INTO live_events (process, is_request, at, body) VALUES ($1, $2, ${nowSql}, $3)`,
      this.#process,
      isRequest ? 1 : 0,
      writeTold(told),
    );
  }

  /** The highest number there is; 0 where there is none. */
  async top(): Promise<number> {
    const [row] = await this.#database.all('SELECT coalesce(max(no), 0) FROM live_events');
    return Number(row?.[0]);
  }

  /** Requests up to a number that are not too old. */
  async requests(through: number): Promise<readonly LiveRow[]> {
    const rows = await this.#database.all(
      `SELECT no, body FROM live_events WHERE no <= $1 AND is_request = 1 AND process <> $2 AND at > ${nowSql} - ${keptMs} ORDER BY no`,
      through,
      this.#process,
    );
    return rows.map(rowOf);
  }

  /** What came after a number, and those of the missing that have come. `isListening`: whether more than requests are of interest. */
  async after(top: number, missing: readonly number[], isListening: boolean): Promise<readonly LiveRow[]> {
    const columns = 'no, CASE WHEN process <> $1 AND (is_request = 1 OR $2 = 1) THEN body END AS body';
    const next = `(SELECT ${columns} FROM live_events WHERE no > $3 ORDER BY no LIMIT ${pageSize})`;
    const values = [this.#process, isListening ? 1 : 0, top] as const;
    const rows =
      missing.length === 0
        ? await this.#database.all(next, ...values)
        : await this.#database.all(
            `SELECT ${columns} FROM live_events WHERE no = ANY($4::bigint[]) UNION ALL ${next} ORDER BY no`,
            ...values,
            missing,
          );
    return rows.map(rowOf);
  }

  /** Deletes some of those that are too old. */
  async sweep(): Promise<void> {
    await this.#database.run(
      `DELETE FROM live_events WHERE no = ANY(ARRAY(
        SELECT no FROM (SELECT no, at FROM live_events ORDER BY no LIMIT ${sweptAtOnce}) AS oldest WHERE at < ${nowSql} - ${keptMs}))`,
    );
  }
}

function rowOf([no, body]: readonly unknown[]): LiveRow {
  return [Number(no), typeof body === 'string' ? body : null];
}

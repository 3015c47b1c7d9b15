import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { text } from '../rows/columns.ts';
import type { Row } from '../rows/row.ts';
import { copiedTables } from '../state-copy.ts';
import type { CopiedTable, MoveStatus, StateColumn, StateMove, StateTarget } from '../state-copy.ts';
import { databaseName } from './database-name.ts';
import { Database } from './database.ts';
import type { PostgresSettings, Statements, Transaction, Value } from './database.ts';
import { migrate } from './migrations.ts';
import { readContent, readMove } from './state-moves.ts';

/** A million open executions become due in one statement; none of a move is longer than that. */
const statementTimeoutMs = 10 * 60_000;
/** Rows that are read at a time, and bytes of their texts. */
const maxRows = 2_000;
const maxBytes = 4 * 1024 * 1024;

/** How the columns of a batch travel. */
const arrays = { text: 'text[]', whole: 'bigint[]', real: 'float8[]' } as const;
const scalars = { text: 'text', whole: 'bigint', real: 'float8' } as const;

/** Connects to the database that a state is to be moved into, and brings it to the present version. */
export async function openPostgresTarget(settings: PostgresSettings, clock: Clock): Promise<StateTarget> {
  const database = new Database({ ...settings, databaseTimeoutMs: statementTimeoutMs });
  try {
    await migrate(database);
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
  return new PostgresStateTarget(database, databaseName(settings.databaseUrl), clock);
}

class PostgresStateTarget implements StateTarget {
  readonly name: string;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #keys = new Map<CopiedTable, readonly string[]>();

  constructor(database: Database, name: string, clock: Clock) {
    this.#database = database;
    this.name = name;
    this.#clock = clock;
  }

  move(): Promise<StateMove | null> {
    return readMove(this.#database);
  }

  begin(id: string, source: string): Promise<StateMove> {
    return this.#database.transaction(async (statements) => {
      const found = await readMove(statements, 'FOR UPDATE');
      if (found === null) await requireEmpty(statements, this.name);
      else if (found.id !== id || found.status === 'done') throw occupied(this.name, found);
      await statements.script(`TRUNCATE ${copiedTables.join(', ')}, outbox`);
      await statements.run(
        `INSERT INTO state_move (one, id, source, status, attempt, changed_at) VALUES (1, $1, $2, 'copying', 1, $3)
          ON CONFLICT (one) DO UPDATE SET source = excluded.source, status = 'copying', changed_at = excluded.changed_at,
            attempt = state_move.attempt + 1, content = NULL WHERE state_move.id = excluded.id`,
        id,
        source,
        this.#clock.now(),
      );
      const begun = await readMove(statements);
      // Somebody began at the same moment.
      if (begun?.id !== id) throw occupied(this.name, begun);
      return begun;
    });
  }

  async columns(table: CopiedTable): Promise<readonly StateColumn[]> {
    const rows = await this.#database.all(
      `SELECT column_name::text, data_type::text, is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
        FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`,
      table,
    );
    return rows.map(([name, type, isRequired]) => ({
      name: text(name),
      kind: kindOf(text(type)),
      isRequired: isRequired === true,
    }));
  }

  async write(
    move: StateMove,
    table: CopiedTable,
    columns: readonly StateColumn[],
    rows: readonly Row[],
  ): Promise<void> {
    const names = columns.map(({ name }) => name).join(', ');
    const types = columns.map(({ kind }, place) => `$${place + 1}::${arrays[kind]}`).join(', ');
    // The columns are those of this table, whose values are texts, numbers and null.
    const values = columns.map((_, place) => rows.map((row) => row[place] as string | number | null));
    await this.#database.transaction(async (statements) => {
      await requireCopying(statements, move);
      await statements.run(
        `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE SELECT * FROM unnest(${types})`,
        ...values,
      );
    });
  }

  async *batches(table: CopiedTable, columns: readonly StateColumn[]): AsyncGenerator<readonly Row[], void, void> {
    const key = await this.#key(table);
    const places = key.map((name) => columns.findIndex((column) => column.name === name));
    const typed = places.map((place, index) => `$${index + 1}::${scalars[columns[place]?.kind ?? 'text']}`);
    const names = columns.map(({ name }) => name).join(', ');
    const bytes = columns.flatMap(({ name, kind }) => (kind === 'text' ? [`coalesce(octet_length(${name}), 0)`] : []));
    const sql = (where: string): string => `SELECT ${names} FROM (
      SELECT *, sum(bytes) OVER (ORDER BY ${key.join(', ')} ROWS UNBOUNDED PRECEDING) - bytes AS before FROM (
        SELECT ${names}, ${['0', ...bytes].join(' + ')} AS bytes FROM ${table} ${where} ORDER BY ${key.join(', ')} LIMIT ${maxRows}
      ) AS next) AS measured WHERE before < ${maxBytes} ORDER BY ${key.join(', ')}`;
    let rows = await this.#database.all(sql(''));
    while (rows.length > 0) {
      yield rows;
      const last = rows.at(-1) ?? [];
      const after = places.map((place) => last[place] as Value);
      rows = await this.#database.all(sql(`WHERE (${key.join(', ')}) > (${typed.join(', ')})`), ...after);
    }
  }

  complete(move: StateMove): Promise<void> {
    return this.#database.transaction(async (statements) => {
      await requireCopying(statements, move);
      await numberOn(statements);
      await dueAll(statements, this.#clock.now());
      // All records that were copied are older than this transaction, and all that come will be younger.
      await statements.run('UPDATE metric_counted SET xid = pg_current_xact_id(), no = 0');
      await this.#turn(statements, 'verified', await readContent(statements));
    });
  }

  finish(id: string): Promise<void> {
    return this.#database.transaction(async (statements) => {
      const move = await readMove(statements, 'FOR UPDATE');
      if (move?.id !== id || (move.status !== 'verified' && move.status !== 'done')) throw notHere(this.name);
      if (move.status === 'verified') await this.#turn(statements, 'done', await readContent(statements));
    });
  }

  undo(id: string): Promise<void> {
    return this.#database.transaction(async (statements) => {
      const move = await readMove(statements, 'FOR UPDATE');
      if (move?.id !== id) throw notHere(this.name);
      if (move.status === 'undone') return;
      const kept = await statements.first('SELECT content FROM state_move');
      const content = await readContent(statements);
      if (kept?.[0] !== content)
        throw new SquadraError(
          'STORE_MOVED',
          `The fleet on ${this.name} has worked since the state was moved there; taking the move back would lose that.`,
          { details: { movedAt: move.changedAt } },
        );
      await this.#turn(statements, 'undone', content);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#database[Symbol.asyncDispose]();
  }

  async #turn(statements: Statements, status: MoveStatus, content: string): Promise<void> {
    await statements.run(
      'UPDATE state_move SET status = $1, content = $2, changed_at = $3',
      status,
      content,
      this.#clock.now(),
    );
  }

  async #key(table: CopiedTable): Promise<readonly string[]> {
    const known = this.#keys.get(table);
    if (known !== undefined) return known;
    const rows = await this.#database.all(
      `SELECT attname::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
        WHERE indrelid = to_regclass($1) AND indisprimary ORDER BY array_position(indkey::int2[], attnum)`,
      table,
    );
    const key = rows.map(([name]) => text(name));
    this.#keys.set(table, key);
    return key;
  }
}

async function requireEmpty(statements: Statements, name: string): Promise<void> {
  for (const table of [...copiedTables, 'outbox']) {
    if ((await statements.first(`SELECT 1 FROM ${table} LIMIT 1`)) !== undefined)
      throw new SquadraError('STORE_NOT_EMPTY', `${name} holds a state already (there are ${table}).`, {
        details: { table },
      });
  }
}

/** An attempt that another one has followed must not write into what that one has emptied. */
async function requireCopying(statements: Transaction, { id, attempt }: StateMove): Promise<void> {
  const found = await readMove(statements, 'FOR SHARE');
  if (found?.id === id && found.attempt === attempt && found.status === 'copying') return;
  throw new SquadraError('STORE_INCOMPLETE', 'Another process moves this state now; this one has stopped.', {
    details: { attempt, now: found?.attempt ?? null },
  });
}

/** New rows are numbered after those that were copied with their numbers. */
async function numberOn(statements: Statements): Promise<void> {
  const identities = await statements.all(
    `SELECT table_name::text, column_name::text FROM information_schema.columns
      WHERE table_schema = current_schema() AND is_identity = 'YES' AND table_name = ANY($1::text[])`,
    copiedTables,
  );
  for (const [table, column] of identities) {
    const [name, no] = [text(table), text(column)];
    await statements.run(
      `SELECT setval(pg_get_serial_sequence('${name}', '${no}'), coalesce(max(${no}), 1), max(${no}) IS NOT NULL) FROM ${name}`,
    );
  }
}

/**
 * What is open wants to be advanced: what is queued starts, what was running goes on, what waits waits again, until its own time.
 * What was running counts as in hand, so it must be taken again even where there is no room for more.
 */
async function dueAll(statements: Statements, now: number): Promise<void> {
  await statements.run(
    `INSERT INTO outbox (execution, execution_id, tenant, priority, is_start, created_at, handed_at)
      SELECT no, id, tenant, priority, (status = 'queued')::integer, $1, CASE WHEN status = 'running' THEN $1::bigint END
      FROM executions WHERE status IN ('queued', 'running', 'waiting') ORDER BY no`,
    now,
  );
}

function occupied(name: string, move: StateMove | null): SquadraError {
  const what = move === null ? 'another state' : `the state of ${move.source} (${move.status})`;
  return new SquadraError('STORE_NOT_EMPTY', `${name} holds ${what}.`, { details: { ...move } });
}

function notHere(name: string): SquadraError {
  return new SquadraError('STORE_MOVED', `${name} does not hold this state; DATABASE_URL names another database.`);
}

function kindOf(type: string): StateColumn['kind'] {
  if (type === 'double precision') return 'real';
  return type === 'bigint' || type === 'integer' || type === 'smallint' ? 'whole' : 'text';
}

/** The address without who may enter. */

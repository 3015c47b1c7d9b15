import { SquadraError } from '../kernel/errors.ts';
import { RowsDigest } from '../work/rows-digest.ts';
import type { RowsSum } from '../work/rows-digest.ts';
import { copiedTables } from '../work/state-copy.ts';
import type { CopiedTable, StateColumn, StateMove, StateSource, StateTarget } from '../work/state-copy.ts';

/** What a move is at; `rows` of this table so far. */
export type MoveProgress =
  | { readonly stage: 'copying' | 'verifying'; readonly table: CopiedTable; readonly rows: number }
  | { readonly stage: 'verified' | 'sealed' | 'done' };

export interface MovedState {
  readonly from: string;
  readonly to: string;
  /** Whether an earlier run of the command had moved it. */
  readonly wasDone: boolean;
  /** What was copied; empty where that was done by an earlier run. */
  readonly tables: readonly ({ readonly table: CopiedTable } & RowsSum)[];
}

export interface MoveParts {
  readonly source: StateSource;
  readonly target: StateTarget;
  readonly now: () => number;
  readonly onProgress: (progress: MoveProgress) => void;
}

/**
 * Moves a state to where a fleet works on it. May end at any point, and be started again.
 *
 * M1  The target is worked on only when it is `done`, the source only while it is not sealed.
 * M2  The source is sealed when the target holds the same, and the target is `done` when the source is sealed: at no point may both
 *     be worked on.
 * M3  A move that ended before the seal begins anew: the source may have been worked on since. One that ended after it only has to
 *     be finished.
 */
export async function moveState(parts: MoveParts): Promise<MovedState> {
  const { source, target, now, onProgress } = parts;
  const moved = { from: source.name, to: target.name };
  if (source.seal !== null) return { ...moved, ...(await finishSealed(parts)), tables: [] };
  const move = await target.begin(source.id, source.name);
  const tables: MovedState['tables'][number][] = [];
  for (const table of copiedTables) {
    const columns = await columnsOf(table, source, target);
    const read = await copy(parts, move, table, columns);
    tables.push({ table, ...read });
  }
  for (const { table, ...read } of tables) await verify(parts, table, await columnsOf(table, source, target), read);
  await target.complete(move);
  onProgress({ stage: 'verified' });
  source.putSeal({ movedTo: target.name, sealedAt: now() });
  onProgress({ stage: 'sealed' });
  await target.finish(source.id);
  onProgress({ stage: 'done' });
  return { ...moved, wasDone: false, tables };
}

/**
 * Takes a move back: the source may be run again, and the fleet does not start on the target any more. Returns whether there was a
 * seal. Without a target the seal alone is removed.
 *
 * @throws SquadraError `STORE_MOVED` where the fleet has worked since, for that would be lost.
 */
export async function unsealState(source: StateSource, target: StateTarget | null): Promise<boolean> {
  if (source.seal === null) return false;
  await target?.undo(source.id);
  source.removeSeal();
  return true;
}

/** The source is sealed: it was moved, and perhaps the target does not know yet that it may begin. */
async function finishSealed({ source, target, onProgress }: MoveParts): Promise<Pick<MovedState, 'wasDone'>> {
  const move = await target.move();
  const isHere = move?.id === source.id && (move.status === 'done' || move.status === 'verified');
  if (!isHere) {
    const message = `The state in ${source.name} was moved to ${source.seal?.movedTo ?? ''}, and ${target.name} does not hold it.`;
    throw new SquadraError('STORE_MOVED', message, { details: { ...source.seal } });
  }
  if (move.status === 'done') return { wasDone: true };
  await target.finish(source.id);
  onProgress({ stage: 'done' });
  return { wasDone: false };
}

/** The columns that are copied: all of the source, and of the target those that do not come about by themselves. */
async function columnsOf(
  table: CopiedTable,
  source: StateSource,
  target: StateTarget,
): Promise<readonly StateColumn[]> {
  const given = new Set(source.columns(table));
  const columns = await target.columns(table);
  const missing = columns.filter(({ name, isRequired }) => isRequired && !given.has(name)).map(({ name }) => name);
  const known = new Set(columns.map(({ name }) => name));
  const lost = [...given].filter((name) => !known.has(name));
  if (missing.length + lost.length === 0) return columns.filter(({ name }) => given.has(name));
  throw new SquadraError('INTERNAL', `The columns of ${table} do not match: ${[...missing, ...lost].join(', ')}.`);
}

async function copy(
  { source, target, onProgress }: MoveParts,
  move: StateMove,
  table: CopiedTable,
  columns: readonly StateColumn[],
): Promise<RowsSum> {
  const digest = new RowsDigest();
  for await (const rows of source.batches(table, columns)) {
    await target.write(move, table, columns, rows);
    digest.add(rows);
    onProgress({ stage: 'copying', table, rows: digest.sum().rows });
  }
  return digest.sum();
}

async function verify(
  { target, onProgress }: MoveParts,
  table: CopiedTable,
  columns: readonly StateColumn[],
  read: RowsSum,
): Promise<void> {
  const digest = new RowsDigest();
  for await (const rows of target.batches(table, columns)) {
    digest.add(rows);
    onProgress({ stage: 'verifying', table, rows: digest.sum().rows });
  }
  const found = digest.sum();
  if (found.rows === read.rows && found.hash === read.hash) return;
  const what = found.rows === read.rows ? 'other content' : `${found.rows} rows instead of ${read.rows}`;
  throw new SquadraError(
    'STORE_INCOMPLETE',
    `${target.name} has ${what} in ${table} after the copy; the original stays.`,
    {
      details: { table, read, found },
    },
  );
}

import type { Row } from './rows/row.ts';

/** The tables that make up a state, in an order in which they can be written: what is referred to comes first. */
export const copiedTables = [
  'executions',
  'journal',
  'signals',
  'approvals',
  'work_items',
  'work_item_dependencies',
  'squads',
  'squad_versions',
  'api_keys',
  'users',
  'sessions',
  'convoys',
  'budgets',
  'budget_periods',
  'budget_holds',
  'schedules',
  'metric_minutes',
  'metric_resources',
] as const;

export type CopiedTable = (typeof copiedTables)[number];

/** A column that a target has. */
export interface StateColumn {
  readonly name: string;
  readonly kind: 'text' | 'whole' | 'real';
  /** Whether a row cannot be written without it. */
  readonly isRequired: boolean;
}

/** Rows of one table, some MiB at most, and then the next ones: so much is in memory at a time. */
export type RowBatches = Iterable<readonly Row[]> | AsyncIterable<readonly Row[]>;

/** Says that a state is not to be run any more, because it lives on elsewhere. */
export interface StateSeal {
  /** Where it lives now, for people to read: no secrets. */
  readonly movedTo: string;
  /** Epoch ms. */
  readonly sealedAt: number;
}

/**
 * A state that nobody runs and that is held for the time of the move, with everything in it counted that metrics count.
 * Disposing it lets it go.
 */
export interface StateSource extends AsyncDisposable {
  /** Bears the state's name in all attempts to move it; made by the first of them, and kept in the state. */
  readonly id: string;
  /** Where it is, for people to read. */
  readonly name: string;
  readonly seal: StateSeal | null;
  columns(table: CopiedTable): readonly string[];
  batches(table: CopiedTable, columns: readonly StateColumn[]): RowBatches;
  /** From now on nobody opens it, whatever happens next. */
  putSeal(seal: StateSeal): void;
  removeSeal(): void;
}

/**
 * How far a move has come in the target. `copying`: rows are on their way. `verified`: all are there and equal. `done`: the source
 * is sealed, and the target may be worked on. `undone`: it was done and was taken back.
 */
export type MoveStatus = 'copying' | 'verified' | 'done' | 'undone';

/** The one move into a target. */
export interface StateMove {
  readonly id: string;
  readonly source: string;
  readonly status: MoveStatus;
  readonly attempt: number;
  /** Epoch ms; when it came to this status. */
  readonly changedAt: number;
}

/**
 * Where a state is moved to. Only the last attempt that has begun writes: an older one that is still alive is refused with
 * `STORE_INCOMPLETE`.
 */
export interface StateTarget extends AsyncDisposable {
  /** Where it is, for people to read: no secrets. */
  readonly name: string;
  /** The move that was made into it, or is under way. */
  move(): Promise<StateMove | null>;
  /** Empties it and begins. Throws `STORE_NOT_EMPTY` where something else is in it than what an unfinished move of `id` left. */
  begin(id: string, source: string): Promise<StateMove>;
  columns(table: CopiedTable): Promise<readonly StateColumn[]>;
  write(move: StateMove, table: CopiedTable, columns: readonly StateColumn[], rows: readonly Row[]): Promise<void>;
  batches(table: CopiedTable, columns: readonly StateColumn[]): RowBatches;
  /** Everything is there: makes it ready to be worked on, open executions included. Afterwards it is `verified`. */
  complete(move: StateMove): Promise<void>;
  /** The source is sealed: lets it be worked on. */
  finish(id: string): Promise<void>;
  /** Nobody may work on it any more. Throws `STORE_MOVED` where somebody has since it was done, or where `id` was not moved here. */
  undo(id: string): Promise<void>;
}

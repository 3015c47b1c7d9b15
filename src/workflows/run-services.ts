import type { Clock } from '../kernel/clock.ts';
import type { ErrorCode } from '../kernel/errors.ts';
import type { Faults } from '../kernel/faults.ts';
import type { Json } from '../kernel/json.ts';
import type { Commit, Outcome } from '../work/execution-store.ts';
import type { Asker } from './asker.ts';
import type { ConvoyPort } from './convoy-step.ts';
import type { Room } from './room.ts';
import type { WatchRun } from './run-watcher.ts';

/** The limits a run keeps to. Bytes are of JSON text. */
export interface RunLimits {
  readonly maxResultBytes: number;
  readonly maxSteps: number;
  readonly maxJournalBytes: number;
  readonly stepTimeoutMs: number;
  readonly stallTimeoutMs: number;
  /** After this it begins no more steps and parks, to go on at once where there is room; null or absent: it runs to its end. */
  readonly maxSliceMs?: number | null;
}

/** One attempt of a call. */
export interface CallPlace {
  readonly executionId: string;
  readonly stepKey: string;
  readonly attempt: number;
}

/** Text of a model call as it streams; `offset` counts characters of the attempt. */
export interface Delta extends CallPlace {
  readonly offset: number;
  readonly text: string;
}

/** What a run needs from outside. */
export interface RunServices {
  readonly clock: Clock;
  readonly limits: RunLimits;
  readonly faults: Faults;
  readonly random: () => number;
  readonly asker: Asker;
  readonly convoys: ConvoyPort;
  readonly room: Room;
  readonly onDelta: (delta: Delta) => void;
  /** Called when an attempt of a call has ended, however it did, before anything of it is committed. */
  readonly onCallEnd: (call: CallPlace) => void;
  /**
   * Called after every commit of a run, and without one after its claim: there is something new in its journal, and maybe room
   * in budgets. `hasAsked`: the execution asked somebody something at some time.
   */
  readonly onCommit: (
    tenant: string,
    executionId: string,
    settled: readonly string[],
    commit: Commit | null,
    hasAsked: boolean,
  ) => void;
  /** Called when a budget has no room for a call, or the call has no price: it is not sent. */
  readonly onBudgetRefusal: (code: ErrorCode) => void;
  readonly watch: WatchRun;
}

/**
 * How advancing ended. `parked`: it wants to be advanced again at `wakeAt` (null: when something wakes it), unless it was since the
 * claim of this `epoch`. `finished`: it ended. `lost`: somebody else owns it now, or it was ended from outside.
 */
export type Advanced =
  | { readonly kind: 'finished'; readonly status: 'completed' | 'failed'; readonly outcome: () => Outcome<Json> }
  | { readonly kind: 'parked'; readonly wakeAt: number | null; readonly epoch: number }
  | { readonly kind: 'lost' };

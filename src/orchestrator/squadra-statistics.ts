import type { CacheStatistics } from '../cache/cache.ts';
import type { AgentPoolStats } from '../agents/agent-pool.ts';
import type { EngineStatistics } from '../engines/engine.ts';
import type { AdmissionStatistics } from '../flow/admission.ts';
import type { GateState } from '../flow/gate.ts';
import type { Starts } from '../flow/starts.ts';
import type { FleetReading } from '../telemetry/fleet-rows.ts';
import type { DurationDistribution } from '../telemetry/histogram.ts';
import type { TracingStatistics } from '../telemetry/tracing.ts';
import type { ConvoyStatistics } from './convoys/convoy-keeper.ts';
import type { ScheduleStatistics } from './schedules/schedule-runner.ts';
import type { WorkDone } from './work-meter.ts';

/** How busy this process is. */
export interface SquadraStatistics {
  readonly engine: EngineStatistics;
  readonly gate: GateState;
  /** How busy the machine is, how many items of convoys may therefore run, and how far apart they start. */
  readonly starts: ReturnType<Starts['statistics']>;
  /** Convoys that run here, their items that run, and how long items that could start waited for their start. */
  readonly convoys: ConvoyStatistics;
  /** Schedules that tick here, and what became of their ticks since the start. */
  readonly schedules: ScheduleStatistics;
  readonly writer: {
    readonly pending: number;
    readonly operations: number;
    readonly groups: number;
    /** How long the groups took to be committed. */
    readonly commits: DurationDistribution;
  };
  readonly readers: {
    readonly size: number;
    readonly busy: number;
    readonly waiting: number;
    /** Answered since the start. */
    readonly queries: number;
  };
  /** The pool of agents: how many it may hold, holds, found, built and let go. */
  readonly agents: AgentPoolStats;
  /** What is kept at hand, by kind: found there, read anew, and taken away by changes. */
  readonly cache: CacheStatistics;
  /** Model calls: in flight, waiting, turned away; and for each model, how many may be in flight. */
  readonly calls: AdmissionStatistics;
  /** What was done since the start. */
  readonly worked: WorkDone;
  /** How long models took for their answers. */
  readonly answers: DurationDistribution;
  /**
   * Calls that were not sent: a budget had no room for them, or limits money and they have no price; and calls that `waiting`
   * for room, because calls in flight hold it.
   */
  readonly budgets: { readonly exceeded: number; readonly unpriced: number; readonly waiting: number };
  /** Spans that were sent to the collector, that were not, and that wait. */
  readonly traces: TracingStatistics;
  /** What the process knows of the fleet that it is part of; null where it is none. */
  readonly fleet: FleetReading | null;
}

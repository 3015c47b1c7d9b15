import type { AccessStore } from '../access/access-store.ts';
import type { SessionStore } from '../access/session-store.ts';
import type { Bus } from '../bus/bus.ts';
import type { NewsWire } from '../bus/news.ts';
import type { Cache } from '../cache/cache.ts';
import type { Settings } from '../config/settings.ts';
import type { Engine } from '../engines/engine.ts';
import type { ResourceProbe } from '../flow/resource-probe.ts';
import type { SharedBuckets } from '../flow/shared-buckets.ts';
import type { ProviderPlaces } from '../flow/starts.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Faults } from '../kernel/faults.ts';
import type { IdSource } from '../kernel/id.ts';
import type { Catalogue } from '../squads/catalogue.ts';
import type { SquadStore } from '../squads/squad-store.ts';
import type { SquadInput } from '../squads/squad.ts';
import type { ToolNames } from '../squads/tool-names.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { ApprovalStore } from '../work/approval-store.ts';
import type { BudgetStore } from '../work/budget-store.ts';
import type { ConvoyStore, SharedConvoys } from '../work/convoy-store.ts';
import type { ExecutionReports, ExecutionStore } from '../work/execution-store.ts';
import type { Inbox } from '../work/inbox.ts';
import type { StateProbe } from '../work/state-probe.ts';
import type { MetricStore } from '../work/metrics/metric-store.ts';
import type { ScheduleStore } from '../work/schedule-store.ts';
import type { UsageReports } from '../work/usage-report.ts';
import type { WorkItemStore } from '../work/work-item-store.ts';
import type { Asker } from '../workflows/asker.ts';
import type { Access } from './access.ts';
import type { OwnershipCheckParts } from './elsewhere/ownership-check.ts';
import type { EventSources } from './events.ts';
import type { FileSource } from './execution-files.ts';
import type { Workspaces } from './forks.ts';
import type { InboxService } from './inbox-service.ts';
import type { Pulses } from './pulse/pulses.ts';
import type { SharedAnswers } from './pulse/shared-answers.ts';
import type { Squadra } from './squadra.ts';
import type { AgentPoolPort } from './agent-pool.ts';
import type { SquadraStatistics } from './squadra-statistics.ts';
import type { Writability } from './writability.ts';
import type { WorkflowRegistry } from './workflow-registry.ts';

/** What a process does by itself. Where it does neither, it takes commands alone. */
export interface Duties {
  /** Advances executions. */
  readonly advances: boolean;
  /** Sees to what nobody asks for: convoys go on, schedules tick, what is old goes. */
  readonly tends: boolean;
}

/** The ports that `compose.ts` picked adapters for, and what else the use cases need. */
export interface AssemblyParts {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly random: () => number;
  readonly duties: Duties;
  /** Whether commands of other processes are looked for while it runs. */
  readonly takesCommands: boolean;
  readonly state: {
    readonly executions: ExecutionStore;
    readonly reports: ExecutionReports;
    readonly squads: SquadStore;
    readonly workItems: WorkItemStore;
    readonly approvals: ApprovalStore;
    readonly convoys: ConvoyStore;
    readonly usage: UsageReports;
    readonly budgets: BudgetStore;
    readonly schedules: ScheduleStore;
    readonly metrics: MetricStore;
    readonly access: AccessStore;
    readonly sessions: SessionStore;
    readonly inbox: Inbox;
    readonly probe: StateProbe;
  };
  /** Where no process owns a convoy: how they go on. Null where this one owns them all. */
  readonly sharedConvoys: SharedConvoys | null;
  /** Which runs own their execution no more; null where nobody else could have taken it. */
  readonly lostAmong: OwnershipCheckParts['lostAmong'] | null;
  /** Closed last. */
  readonly closing: AsyncDisposable;
  readonly engine: Engine;
  readonly probe: ResourceProbe;
  /** How many model calls the providers bear at once, as far as is known. */
  readonly providers: ProviderPlaces;
  /** Where the processes of a fleet keep to limits together; null where each keeps to its own. */
  readonly sharedBuckets: SharedBuckets | null;
  readonly bus: Bus;
  readonly news: NewsWire;
  /** A key to be made at the start, unless it was before. */
  readonly bootstrapKey: string | null;
  readonly cache: Cache;
  readonly asker: Asker;
  /** The agents that are built. */
  readonly agents: AgentPoolPort;
  readonly catalogue: Catalogue;
  readonly tools: ToolNames;
  readonly workspaces: Workspaces & FileSource;
  readonly workflows: WorkflowRegistry;
  /** Created for tenant `local` where missing. */
  readonly squads: readonly SquadInput[];
  readonly adapterStatistics: () => Omit<
    SquadraStatistics,
    'engine' | 'gate' | 'cache' | 'worked' | 'starts' | 'convoys' | 'budgets' | 'schedules' | 'traces'
  >;
}

/** The library's face, and the one that commands from other processes are handed to. */
export interface Assembly {
  readonly squadra: Squadra;
  readonly service: InboxService;
  readonly access: Access;
  readonly events: EventSources;
  readonly pulses: Pulses;
  readonly writability: Writability;
  readonly answers: SharedAnswers;
  readonly sharedBuckets: SharedBuckets | null;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly ids: IdSource;
}

import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/id.ts';
import type { Gate } from '../flow/gate.ts';
import type { SquadChange } from '../squads/squad-input.ts';
import type { Squad, SquadInput } from '../squads/squad.ts';
import { traceparentOf } from '../telemetry/trace-context.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { ApprovalStore } from '../work/approval-store.ts';
import type { Execution } from '../work/execution.ts';
import type { UsageReports } from '../work/usage-report.ts';
import type { WorkItemStore } from '../work/work-item-store.ts';
import type { Workflow } from '../workflows/workflow.ts';
import { pooledAgents } from './agent-pool.ts';
import type { AgentPoolPort, PooledAgents } from './agent-pool.ts';
import { Approvals } from './approvals.ts';
import type { BudgetKeeping, Budgets } from './budgets.ts';
import { Convoys } from './convoys/convoys.ts';
import type { ConvoysParts } from './convoys/convoys.ts';
import { ExecutionFiles } from './execution-files.ts';
import type { ExecutionFilesParts } from './execution-files.ts';
import { listExecutions } from './execution-list.ts';
import type { ListFilter } from './execution-list.ts';
import { readExecution } from './execution-reading.ts';
import type { ExecutionDescription } from './execution-reading.ts';
import { TenantMetrics } from './metrics/metrics.ts';
import type { TenantMetricsParts } from './metrics/metrics.ts';
import { readPage } from './page.ts';
import type { Page } from './page.ts';
import { RunHandle } from './run-handle.ts';
import type { Run, RunHandleParts } from './run-handle.ts';
import type { SquadDirectory } from './squad-directory.ts';
import type { SquadraStatistics } from './squadra-statistics.ts';
import type { ScheduleKeeping, Schedules } from './schedules/schedules.ts';
import { nobody } from './submissions.ts';
import type { Requester, Submissions, SubmitRequest } from './submissions.ts';
import type { TenantEvent } from './stored-events.ts';
import { tenantEventBatches } from './tenant-events.ts';
import type { TenantEventOptions } from './tenant-events.ts';
import type { CoalescedReads } from './coalesced-reads.ts';
import { reportCosts } from './costs.ts';
import type { CostReport, CostRequest } from './costs.ts';
import { reportUsage } from './usage-report.ts';
import type { UsageOptions, UsageReport } from './usage-report.ts';
import { WorkItems } from './work-items.ts';
import type { WorkflowDescription, WorkflowRegistry } from './workflow-registry.ts';

/** Which events, and from where on. `follow: false` ends with what is stored now. */
export type FeedOptions = Omit<TenantEventOptions, 'squadId'> & { readonly squad?: string };

export interface Squads {
  /** Throws `NAME_TAKEN`, `UNKNOWN_ROLE`, `UNKNOWN_TEMPLATE` … and then nothing was created. */
  create(input: SquadInput): Promise<Squad>;
  /** By id or name. Throws `NOT_FOUND`. */
  get(idOrName: string): Promise<Squad>;
  /** Newest first; of one user those that they made. */
  list(page?: { readonly cursor?: string; readonly limit?: number; readonly userId?: string }): Promise<Page<Squad>>;
  /** Changes the version that was read; throws `STALE_VERSION` when it is another by now. */
  change(squad: Squad, change: SquadChange): Promise<Squad>;
  /**
   * Changes what is stored: `decide` sees it and says how, again when another change came between, and throws to refuse.
   * Throws `NOT_FOUND`.
   */
  amend(id: string, decide: (squad: Squad) => SquadChange): Promise<Squad>;
  /** Throws `OPEN_EXECUTIONS` while executions of it are open, and what `check` throws of the squad that is to be removed. */
  remove(id: string, check?: (squad: Squad) => void): Promise<void>;
}

export interface SquadraParts extends RunHandleParts, ConvoysParts, TenantMetricsParts, ExecutionFilesParts {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly submissions: Submissions;
  readonly gate: Gate;
  readonly cache: Cache;
  readonly directory: SquadDirectory;
  readonly approvals: ApprovalStore;
  readonly budgets: BudgetKeeping;
  readonly schedules: ScheduleKeeping;
  readonly workItems: WorkItemStore;
  readonly usage: UsageReports;
  readonly tracing: Pick<Tracing, 'current'>;
  readonly agents: AgentPoolPort;
  readonly reads: CoalescedReads;
  readonly maxInputBytes: number;
  readonly workflows: WorkflowRegistry;
  readonly statistics: () => SquadraStatistics;
  readonly close: () => Promise<void>;
}

/**
 * Squadra as one tenant sees it. Disposing of it closes the whole process's Squadra. Each request has one of its own, and who
 * follows events keeps it for as long: so its parts are made when they are asked for.
 */
export class Squadra implements AsyncDisposable {
  readonly tenant: string;
  /** For whom submissions and squads are made; null where none signed in. */
  readonly userId: string | null;
  readonly #parts: SquadraParts;
  readonly #traceparent: string | null;

  constructor(parts: SquadraParts, tenant: string, { userId, traceparent }: Requester = nobody) {
    this.tenant = tenant;
    this.userId = userId;
    this.#traceparent = traceparent;
    this.#parts = parts;
  }

  get squads(): Squads {
    return squadsOf(this.#parts.directory, this.tenant, this.userId);
  }

  get approvals(): Approvals {
    return new Approvals(this.#parts, this.tenant);
  }

  get budgets(): Budgets {
    return this.#parts.budgets.of(this.tenant);
  }

  get workItems(): WorkItems {
    return new WorkItems(this.#parts, this.tenant);
  }

  get convoys(): Convoys {
    return new Convoys(this.#parts, this.tenant, this);
  }

  get schedules(): Schedules {
    return this.#parts.schedules.of(this.tenant, this.userId);
  }

  /** Figures of what happened, by the minute. */
  get metrics(): TenantMetrics {
    return new TenantMetrics(this.#parts, this.tenant);
  }

  get agents(): PooledAgents {
    return pooledAgents(this.#parts.agents, this.tenant);
  }

  /** What members wrote with their tools. */
  get files(): ExecutionFiles {
    return new ExecutionFiles(this.#parts, this.tenant);
  }

  /** Where in a trace its requests stand (W3C `traceparent`): as was said, or where the caller is; null where nobody knows. */
  get traceparent(): string | null {
    const current = this.#traceparent === null ? this.#parts.tracing.current() : null;
    return current === null ? this.#traceparent : traceparentOf(current);
  }

  /**
   * The same Squadra with the eyes of another tenant; what is submitted and created through it bears the user's id, and goes on
   * with the trace of `traceparent`.
   */
  forTenant(tenant: string, userId: string | null = null, traceparent: string | null = null): Squadra {
    if (tenant === '' || tenant.length > 255)
      throw new SquadraError('INVALID_INPUT', 'A tenant is named by 1 to 255 characters.');
    return new Squadra(this.#parts, tenant, { userId, traceparent });
  }

  /** Accepts an execution: resolves when it is committed and synced. Throws `INVALID_INPUT`, `QUEUE_FULL`, `IDEMPOTENCY_CONFLICT` … */
  async submit<I, O>(workflow: Workflow<I, O> | string, request: SubmitRequest<I>): Promise<Run<O>> {
    // The registry gives the workflow back by name, so its types do not matter to it.
    const { id } = await this.#parts.submissions.submit(this.tenant, workflow as Workflow | string, request, this);
    return new RunHandle<O>(this.tenant, id, this.#parts);
  }

  /** The names of the workflows that can be run here, those that come with Squadra first. */
  get workflows(): readonly string[] {
    return this.#parts.workflows.all.map(({ name }) => name);
  }

  /** What is to be known of the workflows that can be run here. */
  describeWorkflows(): readonly WorkflowDescription[] {
    return this.#parts.workflows.describe();
  }

  /** A handle to an existing execution; nothing is read until it is asked. */
  run(id: string): Run {
    return new RunHandle<unknown>(this.tenant, id, this.#parts);
  }

  /** Newest first. Throws `UNKNOWN_SQUAD`, `UNKNOWN_WORKFLOW` or `INVALID_CURSOR`. */
  list(filter: ListFilter = {}): Promise<Page<Execution>> {
    return listExecutions(this.#parts, this.tenant, filter);
  }

  /** An execution with its steps and items, as interfaces show it. Throws `NOT_FOUND`. */
  describe(id: string): Promise<ExecutionDescription> {
    return readExecution(this.#parts, this.tenant, id);
  }

  /**
   * The stored events of all executions, or of those of a squad (id or name), in the order of their commits: from now on,
   * after the `cursor` of the last one that is known, or all with `after: 'start'`. Goes on until the signal aborts it.
   * Throws `INVALID_CURSOR`, `UNKNOWN_SQUAD`, `SHUTTING_DOWN` when Squadra is closed.
   */
  async *events({ squad, ...options }: FeedOptions = {}): AsyncGenerator<TenantEvent, void, void> {
    const squadId = squad === undefined ? {} : { squadId: await this.squadIdOf(squad) };
    const batches = tenantEventBatches(this.#parts.events, this.tenant, { ...options, ...squadId });
    for await (const { events } of batches) yield* events;
  }

  /** The id of a squad that something is narrowed to, by its id or name. Throws `UNKNOWN_SQUAD`. */
  async squadIdOf(idOrName: string): Promise<string> {
    try {
      return (await this.squads.get(idOrName)).id;
    } catch (error) {
      if (!(error instanceof SquadraError) || error.code !== 'NOT_FOUND') throw error;
      throw new SquadraError('UNKNOWN_SQUAD', `There is no squad '${idOrName}'.`);
    }
  }

  /** Tokens and cost of the executions that are stored, summed and by group. Throws `INVALID_INPUT` or `NOT_FOUND`. */
  usage(options: UsageOptions = {}): Promise<UsageReport> {
    return reportUsage(this.#parts, this.tenant, options);
  }

  /** What was spent, by day, squad, member, model or execution: the sum and a page. Throws `INVALID_INPUT` or `INVALID_CURSOR`. */
  costs(request: CostRequest): Promise<CostReport> {
    return reportCosts(this.#parts, this.tenant, request);
  }

  /** Throws `QUEUE_FULL` while submissions are refused: for who wants to refuse one before reading it. */
  passGate(): void {
    this.#parts.gate.pass();
  }

  /** What this process has in hand. */
  statistics(): SquadraStatistics {
    return this.#parts.statistics();
  }

  /** Finishes or journals what runs within the grace period and closes the state; the rest resumes at the next start. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.close();
  }
}

function squadsOf(directory: SquadDirectory, tenant: string, userId: string | null): Squads {
  return {
    create: (input) => directory.create(tenant, input, userId),
    get: (idOrName) => directory.get(tenant, idOrName),
    list: ({ userId: of, ...page } = {}) =>
      readPage(page, (limit, before) =>
        directory.list(tenant, {
          limit,
          ...(before === undefined ? {} : { before }),
          ...(of === undefined ? {} : { userId: of }),
        }),
      ),
    change: (squad, change) => directory.change(tenant, squad, change),
    amend: (id, decide) => directory.amend(tenant, id, decide),
    remove: (id, check) => directory.remove(tenant, id, check),
  };
}

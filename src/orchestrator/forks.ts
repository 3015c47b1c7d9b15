import type { Bus } from '../bus/bus.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/id.ts';
import type { Json } from '../kernel/json.ts';
import type { Engine } from '../engines/engine.ts';
import type { Gate } from '../flow/gate.ts';
import { overrideMembers } from '../squads/override-members.ts';
import type { MemberOverrides } from '../squads/override-members.ts';
import type { BudgetLimits } from '../work/budget.ts';
import type { BudgetStore } from '../work/budget-store.ts';
import type { Execution } from '../work/execution.ts';
import type { ExecutionReports, ExecutionStore, NewExecution } from '../work/execution-store.ts';
import type { SquadSnapshot } from '../work/fork.ts';
import type { Journaled } from '../work/journal.ts';
import type { WorkItem } from '../work/work-item.ts';
import type { WorkItemStore } from '../work/work-item-store.ts';
import { inheritanceOf } from '../workflows/inheritance.ts';
import { allRecords } from './journal-pages.ts';
import type { SquadDirectory } from './squad-directory.ts';
import type { WorkflowRegistry } from './workflow-registry.ts';

/** Where a fork goes its own way, and what is different about its squad. */
export interface ForkRequest {
  /** Key of a step (`review/model/1`), an ask (`review`) or a scope; it is done anew, and so is what came after. */
  readonly from: string;
  /** Settings of members by name or role: `{ tester: { model: 'gpt-5' } }`. */
  readonly set?: MemberOverrides;
}

export interface ForkParts {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly executions: ExecutionStore;
  readonly reports: ExecutionReports;
  readonly workItems: Pick<WorkItemStore, 'list'>;
  readonly budgets: Pick<BudgetStore, 'get'>;
  readonly engine: Engine;
  readonly squads: SquadDirectory;
  readonly workflows: WorkflowRegistry;
  readonly workspaces: Workspaces;
  readonly bus: Bus;
}

/** The files that the members of an execution work on. */
export interface Workspaces {
  /** Gives an execution the files that another one has now. */
  copy(from: string, to: string): Promise<void>;
  remove(id: string): Promise<void>;
}

const knownFields = new Set(['from', 'set']);
const itemsPerPage = 200;

/** Makes executions that take over what another one has done up to a step. */
export class Forks {
  readonly #parts: ForkParts;

  constructor(parts: ForkParts) {
    this.#parts = parts;
  }

  /**
   * Forks an execution, ended or not, and queues the fork; its id. The same `forkId` twice makes one fork.
   * Throws `NOT_FOUND`, `INVALID_INPUT`, `QUEUE_FULL` …
   */
  async fork(tenant: string, id: string, request: ForkRequest, forkId: string = this.#parts.ids()): Promise<string> {
    const { bus, engine, gate, executions, workflows, workspaces } = this.#parts;
    check(request);
    if ((await this.#parts.reports.get(tenant, forkId)) !== null) return forkId;
    const original = await this.#original(tenant, id);
    workflows.resolve(original.workflow);
    const snapshot = await this.#snapshot(tenant, original, request);
    gate.pass();
    // The items after the records: an ask whose answer is not among the records yet is not taken for a finished one's sake.
    const records = await allRecords(this.#parts.reports, tenant, id);
    const items = await this.#itemsOf(tenant, id);
    const inheritance = inheritanceOf({ id, records, items }, request.from, forkId);
    const execution = this.#newExecution(forkId, original, records, request, await this.#budgetOf(tenant, id));
    // First: the fork may begin as soon as it is stored.
    await workspaces.copy(id, forkId);
    try {
      await executions.fork(tenant, execution, { ...inheritance, snapshot });
    } catch (error) {
      await workspaces.remove(forkId);
      throw error;
    }
    bus.publish({ kind: 'committed', tenant, executionId: forkId });
    engine.start({ tenant, id: forkId, priority: execution.priority });
    return forkId;
  }

  async #original(tenant: string, id: string): Promise<Execution> {
    const original = await this.#parts.reports.get(tenant, id);
    if (original !== null) return original;
    throw new SquadraError('NOT_FOUND', `There is no execution ${id}; \`squadra list\` shows those there are.`);
  }

  async #snapshot(tenant: string, original: Execution, { set }: ForkRequest): Promise<SquadSnapshot | null> {
    if (set === undefined || Object.keys(set).length === 0) return null;
    const { id, squadId, squadVersion } = original;
    const squad =
      squadId === null || squadVersion === null ? null : await this.#parts.squads.pinned(tenant, squadId, squadVersion);
    if (squad === null) throw invalid(`execution ${id} has no squad whose members could be set`);
    return overrideMembers(squad, set);
  }

  async #itemsOf(tenant: string, executionId: string): Promise<readonly WorkItem[]> {
    const items: WorkItem[] = [];
    for (;;) {
      const last = items.at(-1);
      const page = await this.#parts.workItems.list(tenant, {
        executionId,
        limit: itemsPerPage,
        ...(last === undefined ? {} : { after: last }),
      });
      items.push(...page);
      if (page.length < itemsPerPage) return items;
    }
  }

  /** The fork may spend as much as the original might, from the beginning: what it takes over it did not pay for. */
  async #budgetOf(tenant: string, id: string): Promise<BudgetLimits | null> {
    const budget = await this.#parts.budgets.get(tenant, { scope: 'execution', id, period: 'total' });
    if (budget === null) return null;
    const { limitMicroUsd, limitTokens, onExceeded } = budget;
    return { limitMicroUsd, limitTokens, onExceeded };
  }

  #newExecution(
    id: string,
    original: Execution,
    records: readonly Journaled[],
    request: ForkRequest,
    budget: BudgetLimits | null,
  ): NewExecution {
    const { workflow, userId, squadId, squadVersion, priority, input, metadata } = original;
    return {
      id,
      userId,
      workflow,
      squadId,
      squadVersion,
      status: 'queued',
      priority,
      input: JSON.stringify(input),
      isRequest: records.some((record) => record.kind === 'message' && record.message.kind === 'request'),
      metadata: JSON.stringify(forkedMetadata(metadata, original.id, request)),
      idempotency: null,
      createdAt: this.#parts.clock.now(),
      traceparent: null,
      budget,
    };
  }
}

/** What the original had, and where the fork comes from. */
function forkedMetadata(metadata: Json, executionId: string, { from, set }: ForkRequest): Json {
  // The overrides were checked; they are plain JSON.
  const forkedFrom = { executionId, step: from, ...(set === undefined ? {} : { set: set as Json }) };
  if (metadata === null) return { forkedFrom };
  // What is no object keeps its value under a name of its own.
  const fields = typeof metadata === 'object' && !Array.isArray(metadata) ? Object.entries(metadata) : null;
  return fields === null ? { forkedFrom, metadata } : { ...Object.fromEntries(fields), forkedFrom };
}

function check(request: ForkRequest): void {
  for (const field of Object.keys(request))
    if (!knownFields.has(field)) throw invalid(`'${field}' is no field of a fork`);
  if (typeof request.from !== 'string' || request.from === '') throw invalid("'from' names the step to begin with");
}

function invalid(why: string): SquadraError {
  return new SquadraError('INVALID_INPUT', `The fork was refused: ${why}.`);
}

import type { Bus } from '../bus/bus.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { Faults } from '../kernel/faults.ts';
import type { IdSource } from '../kernel/id.ts';
import { decodeJson, encodeJson, hashJson } from '../kernel/json.ts';
import type { Json } from '../kernel/json.ts';
import type { Engine } from '../engines/engine.ts';
import type { Gate } from '../flow/gate.ts';
import type { Squad } from '../squads/squad.ts';
import { noUsage } from '../work/usage.ts';
import { readBudgetLimits } from '../work/budget.ts';
import type { BudgetLimits, BudgetOptions } from '../work/budget.ts';
import type { Execution } from '../work/execution.ts';
import type { ExecutionStore, NewExecution, Submitted } from '../work/execution-store.ts';
import type { Workflow } from '../workflows/workflow.ts';
import type { Advancer } from './advancer.ts';
import type { SquadDirectory } from './squad-directory.ts';
import type { WorkflowRegistry } from './workflow-registry.ts';

/** What a caller asks for; exactly one of `input` and `message`. */
export interface SubmitRequest<I = unknown> {
  readonly input?: I;
  /** Short for the input `{ message }`. */
  readonly message?: string;
  /** Name or id. */
  readonly squad?: string;
  /** −100 to 100; higher goes first among the tenant's own. */
  readonly priority?: number;
  /** At most 255 characters: the same key with the same request is the same execution. */
  readonly idempotencyKey?: string;
  readonly metadata?: Json;
  /** What it may spend, from its beginning to its end. */
  readonly budget?: BudgetOptions;
  /** False leaves it `created` until it is started. */
  readonly start?: boolean;
}

/** For whom something is made; where nobody signed in, and nobody said where in a trace they are, null. */
export interface Requester {
  readonly userId: string | null;
  /** W3C `traceparent`. */
  readonly traceparent: string | null;
}

/** Who is not known, asking out of nowhere. */
export const nobody: Requester = { userId: null, traceparent: null };

export interface SubmissionSettings {
  readonly maxInputBytes: number;
}

export interface SubmissionParts {
  readonly settings: SubmissionSettings;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly faults: Faults;
  readonly executions: ExecutionStore;
  readonly engine: Engine;
  readonly gate: Gate;
  readonly advancer: Advancer;
  readonly squads: SquadDirectory;
  readonly workflows: WorkflowRegistry;
  readonly bus: Bus;
}

const knownFields = new Set(['input', 'message', 'squad', 'priority', 'idempotencyKey', 'metadata', 'budget', 'start']);
const defaultSquad = 'software';
/** How a request is worked on where nothing is said. */
export const defaultWorkflow = 'pipeline';

/** Accepts work: checks it, commits it, and only then answers. */
export class Submissions {
  readonly #parts: SubmissionParts;

  constructor(parts: SubmissionParts) {
    this.#parts = parts;
  }

  async submit(
    tenant: string,
    workflow: Workflow | string,
    request: SubmitRequest,
    { userId, traceparent }: Requester = nobody,
  ): Promise<Submitted> {
    const { engine, gate, executions, faults, workflows, settings, advancer, bus } = this.#parts;
    const resolved = workflows.resolve(workflow);
    const checked = checkRequest(resolved, request, settings.maxInputBytes);
    const squad = await this.#squadOf(tenant, resolved, request);
    gate.pass();
    const place = request.start === false ? null : engine.reserve();
    const status = request.start === false ? 'created' : place === null ? 'queued' : 'running';
    const execution = { ...this.#newExecution(resolved, request, checked, squad, status), userId, traceparent };
    let submitted: Submitted;
    const arrived = status === 'queued' ? gate.arrive() : null;
    try {
      faults.at('submit.before');
      submitted = await executions.submit(tenant, execution);
      faults.at('submit.after');
    } catch (error) {
      place?.giveBack();
      throw error;
    } finally {
      arrived?.();
    }
    const runnable = { tenant, id: submitted.id, priority: execution.priority };
    const { session } = submitted;
    if (!submitted.existing) bus.publish({ kind: 'committed', tenant, executionId: submitted.id });
    if (place !== null && session !== null)
      place.run(runnable, () =>
        advancer.run({ execution: running(tenant, execution), records: [], signals: [], session }),
      );
    else if (place !== null) place.giveBack();
    else if (status === 'queued' && !submitted.existing) engine.start(runnable);
    return submitted;
  }

  async #squadOf(tenant: string, workflow: Workflow, request: SubmitRequest): Promise<Squad | null> {
    const name = request.squad ?? (this.#parts.workflows.needsSquad(workflow) ? defaultSquad : null);
    return name === null ? null : this.#parts.squads.resolve(tenant, name);
  }

  #newExecution(
    workflow: Workflow,
    request: SubmitRequest,
    { value, input, isRequest, metadata, budget }: Checked,
    squad: Squad | null,
    status: NewExecution['status'],
  ): Omit<NewExecution, keyof Requester> {
    const { clock, ids } = this.#parts;
    const { idempotencyKey: key, priority = 0 } = request;
    const requestHash =
      key === undefined
        ? ''
        : hashJson([
            workflow.name,
            value,
            squad?.id ?? null,
            priority,
            request.metadata ?? null,
            request.start ?? true,
            // Keys that were used before there were budgets keep their hash.
            ...(budget === null ? [] : [budget]),
          ]);
    return {
      id: ids(),
      workflow: workflow.name,
      squadId: squad?.id ?? null,
      squadVersion: squad?.version ?? null,
      status,
      priority,
      input,
      isRequest,
      metadata,
      idempotency: key === undefined ? null : { key, requestHash },
      createdAt: clock.now(),
      budget,
    };
  }
}

/** Input and metadata as JSON text. */
interface Checked {
  /** The input as the workflow gets it. */
  readonly value: unknown;
  readonly input: string;
  /** Whether the input has a message, which is then the first of the execution. */
  readonly isRequest: boolean;
  readonly metadata: string;
  readonly budget: BudgetLimits | null;
}

function checkRequest(workflow: Workflow, request: SubmitRequest, maxInputBytes: number): Checked {
  const { input, message, priority = 0, idempotencyKey, metadata = null } = request;
  for (const field of Object.keys(request))
    if (!knownFields.has(field)) throw invalid(`'${field}' is no field of a submission`);
  if ((input === undefined) === (message === undefined))
    throw invalid("a submission has exactly one of 'input' and 'message'");
  if (message !== undefined && message.trim() === '') throw invalid("'message' is empty");
  if (!Number.isInteger(priority) || priority < -100 || priority > 100)
    throw invalid(`'priority' is ${priority}; use a whole number from -100 to 100`);
  if (idempotencyKey !== undefined && (idempotencyKey === '' || idempotencyKey.length > 255))
    throw invalid("'idempotencyKey' has to have 1 to 255 characters");
  const limits = { maxBytes: maxInputBytes, refusal: 'PAYLOAD_TOO_LARGE' } as const;
  const parsed = parseInput(workflow, message === undefined ? input : { message });
  return {
    value: parsed,
    input: encodeJson(parsed, { ...limits, what: 'the input' }),
    isRequest: isRequest(parsed),
    metadata: encodeJson(metadata, { ...limits, what: "'metadata'" }),
    budget: request.budget === undefined ? null : checkBudget(request.budget),
  };
}

function checkBudget(given: BudgetOptions): BudgetLimits {
  if (typeof given !== 'object' || given === null) throw invalid("'budget' is no object");
  const { limits, problems } = readBudgetLimits(given);
  if (problems.length > 0) throw invalid(`'budget': ${problems.join('; ')}`);
  return limits;
}

/** Whether an input has a message, which is then the first of the execution. */
export function isRequest(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'message' in input && typeof input.message === 'string';
}

/** The input as a workflow gets it. Throws `INVALID_INPUT` with every problem. */
export function parseInput(workflow: Workflow, input: unknown): unknown {
  if (workflow.input === undefined) return input;
  const parsed = workflow.input.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const text = problems.map(({ path, message }) => `${path === '' ? 'input' : path}: ${message}`).join('; ');
  throw new SquadraError('INVALID_INPUT', `The input does not fit workflow '${workflow.name}': ${text}.`, {
    details: { problems },
  });
}

function invalid(why: string): SquadraError {
  return new SquadraError('INVALID_INPUT', `The submission was refused: ${why}.`);
}

/** The execution as its commit left it, without reading it back. */
function running(tenant: string, execution: NewExecution): Execution {
  const { id, userId, traceparent, workflow, squadId, squadVersion, priority, createdAt } = execution;
  return {
    id,
    tenant,
    userId,
    workflow,
    squadId,
    squadVersion,
    priority,
    createdAt,
    status: 'running',
    epoch: 1,
    version: 1,
    input: decodeJson(execution.input),
    metadata: decodeJson(execution.metadata),
    output: null,
    error: null,
    reason: null,
    usage: noUsage,
    wakeAt: null,
    startedAt: createdAt,
    endedAt: null,
    traceparent,
    convoyItemId: null,
  };
}

import { SquadraError } from '../kernel/errors.ts';
import type { Faults } from '../kernel/faults.ts';
import type { IdSource } from '../kernel/id.ts';
import { encodeJson } from '../kernel/json.ts';
import type { Engine } from '../engines/engine.ts';
import type { Bus } from '../bus/bus.ts';
import type { Approval, ApprovalAnswer, ApprovalStore } from '../work/approval-store.ts';
import { approvalSignal } from '../work/approval-store.ts';
import { convoySignal } from '../work/convoy.ts';
import type { ExecutionStatus } from '../work/execution.ts';
import type { Changed, ExecutionStore } from '../work/execution-store.ts';
import type { Advancer } from './advancer.ts';
import type { Outcomes } from './outcomes.ts';

export interface CommandParts {
  readonly executions: ExecutionStore;
  readonly approvals: ApprovalStore;
  readonly engine: Engine;
  readonly advancer: Pick<Advancer, 'abandon' | 'nudge'>;
  readonly outcomes: Outcomes;
  readonly bus: Bus;
  readonly ids: IdSource;
  readonly faults: Faults;
  readonly maxInputBytes: number;
  /** Told of every execution that was cancelled, once it is stored. */
  readonly onCancel?: (tenant: string, id: string) => void;
}

/**
 * What people and other programs do to an execution from outside. Each is committed first, then acted on. `commandId` makes
 * one that is asked for again, after a crash in between, take effect once and be answered as the first time.
 */
export class Commands {
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  async start(tenant: string, id: string, commandId?: string): Promise<Changed> {
    const changed = await this.#parts.executions.start(tenant, id, commandId);
    if (changed.changed) this.#queue(tenant, id, changed);
    return changed;
  }

  async retry(tenant: string, id: string, commandId?: string): Promise<Changed> {
    this.#parts.faults.at('retry.before');
    const changed = await this.#parts.executions.retry(tenant, id, commandId);
    this.#parts.faults.at('retry.after');
    this.#queue(tenant, id, changed);
    return changed;
  }

  async cancel(tenant: string, id: string, reason?: string): Promise<Changed> {
    const { executions, faults } = this.#parts;
    faults.at('cancel.before');
    const changed = await executions.cancel(tenant, id, reason ?? null);
    faults.at('cancel.after');
    if (changed.changed) this.cancelled(tenant, id, changed.priority, reason ?? null);
    return changed;
  }

  /** What follows from a cancel that is stored: the run stops, down to its calls in flight, and who waits is told. */
  cancelled(tenant: string, id: string, priority: number, reason: string | null): void {
    const { engine, advancer, outcomes, bus, onCancel } = this.#parts;
    advancer.abandon(id, 'cancelled');
    // One that waits for a time or a place would be remembered until then: its next claim finds it ended.
    engine.wake({ tenant, id, priority });
    outcomes.announce(id, { status: 'cancelled', reason });
    bus.publish({ kind: 'committed', tenant, executionId: id });
    onCancel?.(tenant, id);
  }

  /** A signal was stored for it in another commit: the run is told, or it is woken. */
  signalled(tenant: string, id: string, priority: number): void {
    this.#wake(tenant, id, priority, null);
  }

  /** `signalId` makes a repeated command take effect once. */
  async signal(
    tenant: string,
    id: string,
    name: string,
    payload: unknown,
    signalId: string = this.#parts.ids(),
  ): Promise<Changed> {
    const { executions, faults, maxInputBytes } = this.#parts;
    if (name === '' || name.length > 200)
      throw new SquadraError(
        'INVALID_INPUT',
        `'${name.slice(0, 80)}' is no name for a signal: use 1 to 200 characters.`,
      );
    // Answers travel as signals, and only the store makes them: it has checked who answers what.
    if (name.startsWith(approvalSignal('')))
      throw new SquadraError('INVALID_INPUT', `'${name}' is an approval: answer it instead of signalling it.`);
    if (name.startsWith(convoySignal('')))
      throw new SquadraError('INVALID_INPUT', `'${name}' is the end of a convoy: only the convoy tells it.`);
    const text = encodeJson(payload ?? null, {
      maxBytes: maxInputBytes,
      what: `the payload of signal '${name}'`,
      refusal: 'PAYLOAD_TOO_LARGE',
    });
    faults.at('signal.before');
    const changed = await executions.signal(tenant, id, { signalId, name, payload: text });
    faults.at('signal.after');
    this.#wake(tenant, id, changed.priority, changed.status);
    return changed;
  }

  /** Answers by the id of the approval. */
  async answer(tenant: string, approvalId: string, answer: ApprovalAnswer, commandId?: string): Promise<Approval> {
    encodeJson(answer, {
      maxBytes: this.#parts.maxInputBytes,
      what: `the answer to approval ${approvalId}`,
      refusal: 'PAYLOAD_TOO_LARGE',
    });
    const { approval, priority } = await this.#parts.approvals.answer(tenant, approvalId, answer, commandId);
    this.#wake(tenant, approval.executionId, priority, null);
    return approval;
  }

  /** Answers the pending approval of an execution by the name of its step, with or without its scopes, or of the call it is about. */
  async approve(
    tenant: string,
    id: string,
    name: string,
    answer: ApprovalAnswer,
    commandId?: string,
  ): Promise<Approval> {
    const found = await this.#parts.approvals.list(tenant, { executionId: id, limit: 200 });
    const isMeant = (key: string): boolean =>
      key === name || key.endsWith(`/${name}`) || key.startsWith(`${name}/`) || key.includes(`/${name}/`);
    const named = found.filter(({ stepKey }) => isMeant(stepKey));
    const pending = named.filter(({ status }) => status === 'pending');
    const one = pending.length > 0 ? pending : named;
    const [approval] = one;
    if (approval === undefined) {
      const others = found.filter(({ status }) => status === 'pending').map(({ stepKey }) => `'${stepKey}'`);
      const hint = others.length === 0 ? 'it asks for none now' : `it asks for ${others.join(', ')}`;
      throw new SquadraError('NOT_FOUND', `Execution ${id} has no approval '${name}'; ${hint}.`);
    }
    if (pending.length > 1) {
      throw new SquadraError(
        'INVALID_INPUT',
        `Execution ${id} has ${pending.length} approvals '${name}': name one as ${pending.map(({ stepKey }) => `'${stepKey}'`).join(' or ')}.`,
      );
    }
    return this.answer(tenant, approval.id, answer, commandId);
  }

  #queue(tenant: string, id: string, { priority }: Changed): void {
    this.#parts.engine.start({ tenant, id, priority });
    this.#parts.bus.publish({ kind: 'committed', tenant, executionId: id });
  }

  /** `status` is the one the signal met; null when it is not known. */
  #wake(tenant: string, id: string, priority: number, status: ExecutionStatus | null): void {
    // A run in memory takes the signal itself; one that parks at this moment is told by its own commit.
    if (status !== 'waiting') this.#parts.advancer.nudge(id);
    if (status === 'waiting' || status === null) this.#parts.engine.wake({ tenant, id, priority });
  }
}

import { z } from 'zod';
import { scopes } from '../access/principal.ts';
import { SquadraError } from '../kernel/errors.ts';
import { toFailure } from '../kernel/failure.ts';
import type { Json } from '../kernel/json.ts';
import { budgetPeriods, budgetReactions, budgetScopes } from '../work/budget.ts';
import { scheduleStatuses } from '../work/schedule.ts';
import type { ScheduleRequest } from '../work/schedule.ts';
import type { InboxCommand, InboxReply } from '../work/inbox.ts';
import type { Access } from './access.ts';
import type { BudgetKeeping } from './budgets.ts';
import type { Commands } from './commands.ts';
import type { ConvoyKeeper } from './convoys/convoy-keeper.ts';
import { byHand } from './convoys/convoys.ts';
import type { Forks } from './forks.ts';
import type { Pruning } from './housekeeping.ts';
import { scheduleDocument } from './schedules/schedule-document.ts';
import type { ProcessStatus } from './process-status.ts';
import type { ScheduleKeeping } from './schedules/schedules.ts';

const id = z.string();
/** What each command carries. Senders are other processes, maybe of another version: what they sent is checked. */
const bodies = {
  start: z.strictObject({ id }),
  retry: z.strictObject({ id }),
  // What is set of members is checked where the squad is known.
  fork: z.strictObject({
    id,
    from: z.string(),
    set: z.record(z.string(), z.record(z.string(), z.json())).exactOptional(),
  }),
  cancel: z.strictObject({ id, reason: z.string().exactOptional() }),
  signal: z.strictObject({ id, name: z.string(), payload: z.json() }),
  approve: z.strictObject({
    id,
    name: z.string(),
    choice: z.string(),
    by: z.string(),
    comment: z.string().exactOptional(),
    text: z.string().exactOptional(),
  }),
  prune: z.strictObject({ endedBefore: z.number() }),
  // Made by the sender, so that the text of a key is in no file: here are what tells keys apart and what is looked for.
  addKey: z.strictObject({
    id,
    name: z.string().min(1),
    prefix: z.string().min(1),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    scopes: z.array(z.enum(scopes)).min(1),
    createdAt: z.number(),
    expiresAt: z.number().nullable(),
  }),
  revokeKey: z.strictObject({ key: z.string() }),
  // What the limits may be is checked where they are kept.
  setBudget: z.strictObject({
    scope: z.enum(budgetScopes),
    id,
    period: z.enum(budgetPeriods),
    limitMicroUsd: z.number().exactOptional(),
    limitTokens: z.number().exactOptional(),
    onExceeded: z.enum(budgetReactions).exactOptional(),
  }),
  // What a schedule may say is checked where it is kept.
  createSchedule: z.strictObject({ request: z.record(z.string(), z.json()) }),
  setSchedule: z.strictObject({ id, status: z.enum(scheduleStatuses) }),
  removeSchedule: z.strictObject({ id }),
  cancelConvoy: z.strictObject({ id, reason: z.string().exactOptional() }),
  retryConvoy: z.strictObject({ id }),
  readStatus: z.strictObject({}),
  removeBudget: z.strictObject({ scope: z.enum(budgetScopes), id, period: z.enum(budgetPeriods) }),
};

/** A command as its sender writes it; its id is given on the way. */
export type CommandRequest = {
  readonly [Name in keyof typeof bodies]: {
    readonly tenant: string;
    readonly name: Name;
    readonly body: z.infer<(typeof bodies)[Name]>;
  };
}[keyof typeof bodies];

export interface InboxServiceParts {
  readonly commands: Commands;
  readonly forks: Forks;
  readonly pruning: Pruning;
  readonly access: Pick<Access, 'addKey' | 'revokeKey'>;
  readonly budgets: Pick<BudgetKeeping, 'set' | 'remove'>;
  readonly schedules: Pick<ScheduleKeeping, 'create' | 'setStatus' | 'remove'>;
  readonly convoys: Pick<ConvoyKeeper, 'stop' | 'retry'>;
  readonly status: () => ProcessStatus;
}

/** Does what commands from other processes say, and answers each with its result or its failure. */
export class InboxService {
  readonly #parts: InboxServiceParts;

  constructor(parts: InboxServiceParts) {
    this.#parts = parts;
  }

  async take(command: InboxCommand): Promise<InboxReply> {
    try {
      return { ok: true, value: await this.#apply(command) };
    } catch (error) {
      return { ok: false, error: toFailure(error) };
    }
  }

  async #apply({ id: commandId, tenant, name, body }: InboxCommand): Promise<Json> {
    switch (name) {
      case 'start':
        return plain(await this.#parts.commands.start(tenant, checked(name, body).id, commandId));
      case 'retry':
        return plain(await this.#parts.commands.retry(tenant, checked(name, body).id, commandId));
      case 'fork': {
        const { id: executionId, ...request } = checked(name, body);
        // The command's id makes a fork that is asked for again, after a crash in between, the same fork.
        return { id: await this.#parts.forks.fork(tenant, executionId, request, commandId) };
      }
      case 'cancel': {
        const { id: executionId, reason } = checked(name, body);
        return plain(await this.#parts.commands.cancel(tenant, executionId, reason));
      }
      case 'signal': {
        const { id: executionId, name: signal, payload } = checked(name, body);
        // The command's id makes a signal that is applied again, after a crash in between, the same signal.
        return plain(await this.#parts.commands.signal(tenant, executionId, signal, payload, commandId));
      }
      case 'approve': {
        const { id: executionId, name: approval, ...answer } = checked(name, body);
        return plain(await this.#parts.commands.approve(tenant, executionId, approval, answer, commandId));
      }
      case 'addKey':
        return plain(await this.#parts.access.addKey({ ...checked(name, body), tenant, revokedAt: null }));
      case 'revokeKey':
        return plain(await this.#parts.access.revokeKey(tenant, checked(name, body).key));
      case 'setBudget': {
        const { scope, id: budgetId, period, ...limits } = checked(name, body);
        return plain(await this.#parts.budgets.set(tenant, { scope, id: budgetId, period }, limits));
      }
      case 'createSchedule': {
        // The command's id makes a schedule that is asked for again, after a crash in between, the same schedule.
        const request = { ...checked(name, body).request, idempotencyKey: commandId } as ScheduleRequest;
        return plain(scheduleDocument(await this.#parts.schedules.create(tenant, request)));
      }
      case 'setSchedule': {
        const { id: scheduleId, status } = checked(name, body);
        return plain(scheduleDocument(await this.#parts.schedules.setStatus(tenant, scheduleId, status)));
      }
      case 'removeSchedule':
        await this.#parts.schedules.remove(tenant, checked(name, body).id);
        return null;
      case 'removeBudget':
        await this.#parts.budgets.remove(tenant, checked(name, body));
        return null;
      case 'cancelConvoy': {
        const { id: convoyId, reason } = checked(name, body);
        return { changed: await this.#parts.convoys.stop(tenant, convoyId, 'cancelled', reason ?? byHand) };
      }
      case 'retryConvoy':
        await this.#parts.convoys.retry(tenant, checked(name, body).id, commandId);
        return null;
      case 'readStatus':
        checked(name, body);
        return plain(this.#parts.status());
      case 'prune':
        return { deleted: await this.#parts.pruning.run(checked(name, body).endedBefore) };
    }
  }
}

function checked<Name extends keyof typeof bodies>(name: Name, body: Json): z.infer<(typeof bodies)[Name]> {
  const parsed = bodies[name].safeParse(body);
  // Each schema gives its own type; indexing by a type parameter loses that.
  if (parsed.success) return parsed.data as z.infer<(typeof bodies)[Name]>;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new SquadraError('INVALID_INPUT', `The command '${name}' cannot be read: ${problems.join('; ')}.`);
}

/** Results of commands are rows of plain values. */
function plain(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

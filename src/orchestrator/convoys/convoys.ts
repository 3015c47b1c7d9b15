import { SquadraError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { IdSource } from '../../kernel/id.ts';
import { hashJson } from '../../kernel/json.ts';
import type { Gate } from '../../flow/gate.ts';
import type { Parallelism } from '../../flow/parallelism.ts';
import type { Squad } from '../../squads/squad.ts';
import type { Convoy, ConvoyItem, ConvoyStatus, CountedConvoy } from '../../work/convoy.ts';
import type { ConvoyRequest, ConvoyResult } from '../../work/convoy-request.ts';
import type { ConvoyReports, NewConvoy } from '../../work/convoy-store.ts';
import type { Usage } from '../../work/usage.ts';
import type { WorkItemStatus } from '../../work/work-item.ts';
import type { ConvoyOrder, ConvoyPort } from '../../workflows/convoy-step.ts';
import { contentLength } from '../content-length.ts';
import { byId, readPageBy } from '../page.ts';
import type { Page, PageFormat } from '../page.ts';
import type { SquadDirectory } from '../squad-directory.ts';
import { checkConvoy } from './convoy-input.ts';
import type { ConvoySettings } from './convoy-input.ts';
import type { Requester } from '../submissions.ts';
import type { ConvoyKeeper } from './convoy-keeper.ts';

export interface ConvoysParts {
  readonly convoys: ConvoyReports;
  readonly convoyRunner: ConvoyKeeper;
  readonly convoySettings: ConvoySettings;
  readonly directory: SquadDirectory;
  readonly gate: Pick<Gate, 'pass'>;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** What a list of convoys can be narrowed to; `limit` is 1 to 200, 50 where nothing is said. */
export interface ConvoyListFilter {
  readonly status?: ConvoyStatus;
  /** Id or name. */
  readonly squad?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** A convoy with its items, and what is known of it while it runs. */
export interface ConvoyDescription extends CountedConvoy {
  readonly items: readonly ConvoyItem[];
  readonly usage: Usage;
  /** How many may run now, and why; null when it is over. */
  readonly advice: Parallelism | null;
}

const newestFirst: PageFormat<CountedConvoy, string> = { ...byId, lengthOf: ({ reason }) => contentLength(reason) };
const defaultSquad = 'software';
/** Why a convoy was cancelled, where nobody said. */
export const byHand = 'the convoy was cancelled';

/** The convoys of one tenant. */
export class Convoys {
  readonly #parts: ConvoysParts;
  readonly #tenant: string;
  readonly #requester: Requester;

  constructor(parts: ConvoysParts, tenant: string, requester: Requester) {
    this.#parts = parts;
    this.#tenant = tenant;
    this.#requester = requester;
  }

  /**
   * Accepts a convoy: resolves when it is committed and synced, with the earlier one where the same was asked for under its
   * `idempotencyKey`. Throws `INVALID_INPUT`, `UNKNOWN_SQUAD`, `UNKNOWN_ROLE`, `UNKNOWN_DEPENDENCY`, `DEPENDENCY_CYCLE`,
   * `IDEMPOTENCY_CONFLICT` or `QUEUE_FULL`.
   */
  async create(request: ConvoyRequest): Promise<Convoy> {
    const { directory, gate, ids, convoyRunner } = this.#parts;
    // Before anything is awaited: after that the caller is elsewhere.
    const { userId, traceparent } = this.#requester;
    const squad = await directory.resolve(this.#tenant, request.squad ?? defaultSquad);
    gate.pass();
    const made = makeConvoy(this.#parts, request, squad, { userId, traceparent, id: ids(), parent: null });
    const { id, existing } = await convoyRunner.create(this.#tenant, made);
    return existing ? this.#find(id) : made.convoy;
  }

  /** Throws `NOT_FOUND`. */
  async get(id: string): Promise<ConvoyDescription> {
    const { convoys, convoyRunner } = this.#parts;
    const convoy = await this.#find(id);
    const [items, usage] = await Promise.all([convoys.items(this.#tenant, id), convoys.usage(this.#tenant, id)]);
    return { ...convoy, items, usage, advice: convoy.status === 'running' ? convoyRunner.advice(convoy) : null };
  }

  /** Newest first. Throws `UNKNOWN_SQUAD` or `INVALID_CURSOR`. */
  async list({ status, squad, ...page }: ConvoyListFilter = {}): Promise<Page<CountedConvoy>> {
    const wanted = squad === undefined ? null : await this.#parts.directory.seek(this.#tenant, squad);
    if (wanted !== null && !wanted.isKnown)
      throw new SquadraError('UNKNOWN_SQUAD', `There is no squad '${String(squad)}'.`);
    return readPageBy(newestFirst, page, async (limit, before) => {
      if (wanted !== null && wanted.id === null) return [];
      return this.#parts.convoys.list(this.#tenant, {
        ...(status === undefined ? {} : { status }),
        ...(wanted?.id === undefined || wanted.id === null ? {} : { squadId: wanted.id }),
        ...(before === undefined ? {} : { before }),
        limit,
      });
    });
  }

  /**
   * Ends it with all it has running, down to the model calls in flight; false when it was cancelled already.
   * Throws `NOT_FOUND`, or `ALREADY_ENDED` with `{ convoyStatus }`.
   */
  cancel(id: string, reason?: string): Promise<boolean> {
    return this.#parts.convoyRunner.stop(this.#tenant, id, 'cancelled', reason ?? byHand);
  }

  /**
   * Has failed items done again, and those that were not started because of them; what is completed stays. Throws `NOT_FOUND`,
   * or `ILLEGAL_TRANSITION` with `{ convoyStatus }` unless it ended partial or failed.
   */
  retry(id: string): Promise<void> {
    return this.#parts.convoyRunner.retry(this.#tenant, id);
  }

  /** How many items are in which status, at no cost, while the convoy runs in this process; else null. */
  progress(id: string): Readonly<Record<WorkItemStatus, number>> | null {
    return this.#parts.convoyRunner.progress(id);
  }

  /** The text that each completed item ended with, by key; empty for a convoy that is not there. */
  texts(id: string): Promise<ReadonlyMap<string, string>> {
    return this.#parts.convoys.results(this.#tenant, id);
  }

  /** Resolves when the convoy has ended, with what its items came to. Throws `NOT_FOUND`, or the signal's reason. */
  async result(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<ConvoyResult> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Asked after listening began, so an end between the two is not missed.
    const leave = this.#parts.convoyRunner.onEnd(this.#tenant, id, resolve);
    const abort = (): void => reject(signal?.reason instanceof Error ? signal.reason : new Error('Aborted.'));
    signal?.addEventListener('abort', abort, { once: true });
    try {
      if ((await this.#find(id)).status === 'running') await promise;
    } finally {
      leave();
      signal?.removeEventListener('abort', abort);
      promise.catch(() => {});
    }
    return readResult(this.#parts.convoys, this.#tenant, id);
  }

  async #find(id: string): Promise<CountedConvoy> {
    const convoy = await this.#parts.convoys.get(this.#tenant, id);
    if (convoy === null)
      throw new SquadraError('NOT_FOUND', `There is no convoy ${id}; \`squadra convoys\` shows those there are.`);
    return convoy;
  }
}

/** What workflows make convoys through. */
export function convoyPort(parts: Omit<ConvoysParts, 'directory' | 'gate'>): ConvoyPort {
  return {
    create: async (order: ConvoyOrder) => {
      const { tenant, userId, squad, id, executionId, key, traceparent } = order;
      const parent = { executionId, stepKey: key };
      const origin = { id, userId, parent, traceparent };
      const made = makeConvoy(parts, { ...order.options, items: order.items }, squad, origin);
      await parts.convoyRunner.create(tenant, made);
    },
    results: (tenant, id) => readResult(parts.convoys, tenant, id),
  };
}

function makeConvoy(
  { convoySettings, ids, clock }: Pick<ConvoysParts, 'convoySettings' | 'ids' | 'clock'>,
  request: ConvoyRequest,
  squad: Squad,
  { traceparent, ...origin }: Pick<Convoy, 'id' | 'userId' | 'parent'> & Pick<NewConvoy, 'traceparent'>,
): NewConvoy {
  const { items, timeoutMs, ...options } = checkConvoy(request, squad, convoySettings, ids);
  const createdAt = clock.now();
  const convoy: Convoy = {
    ...origin,
    ...options,
    squadId: squad.id,
    squadVersion: squad.version,
    status: 'running',
    version: 1,
    timeoutMs,
    deadlineAt: timeoutMs === null ? null : createdAt + timeoutMs,
    reason: null,
    createdAt,
    endedAt: null,
  };
  const key = request.idempotencyKey;
  const idempotency = key === undefined ? null : { key, requestHash: hashConvoy(request, convoy) };
  return { convoy, items, idempotency, traceparent };
}

/** What makes two requests the same: what was asked for, however it was written. */
function hashConvoy({ items }: ConvoyRequest, convoy: Convoy): string {
  const { squadId, parallelism, limits, stopOnFirstFailure, timeoutMs } = convoy;
  const asked = items.map(({ key, role = null, memberId = null, message, dependsOn = [], priority = 0 }) => [
    key,
    role,
    memberId,
    message,
    [...new Set(dependsOn)],
    priority,
  ]);
  return hashJson([squadId, asked, parallelism, { ...limits }, stopOnFirstFailure, timeoutMs]);
}

async function readResult(convoys: ConvoyReports, tenant: string, id: string): Promise<ConvoyResult> {
  const [convoy, items, texts] = await Promise.all([
    convoys.get(tenant, id),
    convoys.items(tenant, id),
    convoys.results(tenant, id),
  ]);
  if (convoy === null) throw new SquadraError('NOT_FOUND', `There is no convoy ${id}.`);
  return {
    id,
    status: convoy.status,
    reason: convoy.reason,
    items: items.map(({ key, status, reason, executionId }) => ({
      key,
      status,
      reason,
      text: texts.get(key) ?? null,
      executionId,
    })),
  };
}

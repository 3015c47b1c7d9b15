import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../../config/settings.ts';
import { CommonBuckets } from '../../flow/common-buckets.ts';
import type { SharedBuckets } from '../../flow/shared-buckets.ts';
import type { Taken } from '../../flow/token-bucket.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { sessionTokenOf } from '../auth/session-cookie.ts';
import { addressKey } from './address-key.ts';

/** What holds in the open mode and otherwise where `SQUADRA_RATE_LIMIT_PER_MINUTE` says nothing. */
const defaultPerMinute = 6_000;

export interface RequestLimitParts {
  readonly settings: Pick<Settings, 'rateLimitPerMinute' | 'rateLimitBurst' | 'failedAuthPerMinute'>;
  readonly access: { readonly isOpen: boolean };
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Where the processes of a fleet count together; null where each does for itself. */
  readonly sharedBuckets: SharedBuckets | null;
}

/**
 * How often anybody may ask.
 *
 * L1  A request counts once: for the key or user that makes it; for its address where it brings no credential or needs none.
 * L2  A wrong credential counts for its address. An address with too many of them is not listened to, whatever it brings, until
 *     some time has passed: otherwise the right key among the guesses would still be told.
 *     In a fleet all processes count together; one that has not heard of the others' wrong ones hears of it with its own first one.
 * L3  Routes that supervisors ask count for nobody. An open stream does not count; the request that opens one does.
 */
export class RequestLimits {
  readonly #parts: RequestLimitParts;
  /** Null where nothing is counted: settled by the first request that is, as keys may be made while it runs. */
  #byWhom: CommonBuckets | null = null;
  readonly #failures: CommonBuckets | null;

  constructor(parts: RequestLimitParts) {
    this.#parts = parts;
    const { settings, clock, sharedBuckets } = parts;
    const rate = { perMinute: settings.failedAuthPerMinute, burst: 0 };
    this.#failures = rate.perMinute === 0 ? null : new CommonBuckets('wrong-keys', rate, clock, sharedBuckets);
  }

  /** Before it is found out who asks. */
  beforeIdentity(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      if (isUncounted(request)) return;
      const isIdentifiedLater = !this.#parts.access.isOpen && isIdentified(request);
      if (!isIdentifiedLater) await this.#count(addressOf(request), reply);
      if (isIdentifiedLater || takesKey(request)) this.#refuseGuessers(request, reply);
    });
    app.addHook('onResponse', async (request, reply) => {
      if (reply.statusCode === 401 && (bringsCredential(request) || takesKey(request)))
        await this.#failures?.take(addressOf(request));
    });
  }

  /** After it was found out who asks. */
  afterIdentity(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      const { principal } = request;
      if (principal === null || this.#parts.access.isOpen || isUncounted(request) || !isIdentified(request)) return;
      await this.#count(`${principal.kind}:${principal.id}`, reply);
    });
  }

  async #count(key: string, reply: FastifyReply): Promise<void> {
    const buckets = this.#buckets();
    if (buckets === null) return;
    const taken = await buckets.take(key);
    describe(reply, 'requests', buckets, taken);
    if (taken.isTaken) return;
    this.#parts.metrics.refused('rate');
    throw refusal(taken, 'requests', 'SQUADRA_RATE_LIMIT_PER_MINUTE and SQUADRA_RATE_LIMIT_BURST');
  }

  #refuseGuessers(request: FastifyRequest, reply: FastifyReply): void {
    const state = this.#failures?.look(addressOf(request));
    if (this.#failures === null || state === undefined || state.isTaken) return;
    describe(reply, 'wrong-keys', this.#failures, state);
    this.#parts.metrics.refused('failed_auth');
    throw refusal(state, 'requests with wrong keys from this address', 'SQUADRA_FAILED_AUTH_PER_MINUTE');
  }

  #buckets(): CommonBuckets | null {
    if (this.#byWhom !== null) return this.#byWhom;
    const { settings, access, clock, sharedBuckets } = this.#parts;
    const perMinute = settings.rateLimitPerMinute ?? (access.isOpen ? 0 : defaultPerMinute);
    if (perMinute === 0) return null;
    const rate = { perMinute, burst: settings.rateLimitBurst };
    this.#byWhom = new CommonBuckets('requests', rate, clock, sharedBuckets);
    return this.#byWhom;
  }
}

function isUncounted({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.isUncounted === true;
}

/** Whether it will be found out who asks: a route for everybody, and an address that leads nowhere, ask nobody. */
function isIdentified(request: FastifyRequest): boolean {
  return request.routeOptions.config.scope !== 'open' && !request.is404 && bringsCredential(request);
}

/** Whether a key stands in its body, whoever asks. */
function takesKey({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.takesKey === true;
}

/** A key or token in its header, a sign-in in its cookie, or, for a stream, a token in its address. */
function bringsCredential(request: FastifyRequest): boolean {
  const { headers, routeOptions, query } = request;
  if (headers.authorization !== undefined || sessionTokenOf(request) !== null) return true;
  return routeOptions.config.streams === true && typeof query === 'object' && query !== null && 'token' in query;
}

function addressOf({ ip }: FastifyRequest): string {
  return `address:${addressKey(ip)}`;
}

/** As draft-ietf-httpapi-ratelimit-headers says it: what there is in all, what is left, and when there is more. */
function describe(
  reply: FastifyReply,
  policy: string,
  buckets: CommonBuckets,
  { remaining, waitMs, fullMs }: Taken,
): void {
  reply.header('ratelimit-policy', `"${policy}";q=${buckets.capacity};w=${seconds(buckets.refillMs)}`);
  reply.header('ratelimit', `"${policy}";r=${remaining};t=${seconds(remaining === 0 ? waitMs : fullMs)}`);
}

function refusal({ waitMs }: Taken, what: string, settings: string): SquadraError {
  return new SquadraError(
    'RATE_LIMITED',
    `Too many ${what}: the next is answered in ${seconds(waitMs)} s (${settings}).`,
    {
      details: { retryAfterMs: waitMs },
    },
  );
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Settings } from '../../config/settings.ts';
import { Lateness } from '../../flow/lateness.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { IdSource } from '../../kernel/id.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { problemText, retryAfterText } from '../problem.ts';
import { bareHeaders } from '../wire.ts';

/** How often delay and memory are looked at. */
const sampleMs = 1_000;
/** Of so many milliseconds, so many are spent on telling refusals. */
const [tellEveryMs, tellForMs] = [10, 4];
/** So many refusals wait to be told at most, each a few hundred bytes; what comes beyond is told at once. */
const mostUntold = 20_000;
/** Those who are refused while the process is stuck come back over so many seconds, not all in the same one. */
const spreadSeconds = 10;
const why =
  'The process is late or short of memory, and takes no new work until it has caught up; nothing of this request was read.';

export interface PressureParts {
  readonly settings: Pick<
    Settings,
    'maxLoopDelayMs' | 'maxHeapShare' | 'maxSubmissionWaitMs' | 'maxConcurrentExecutions'
  >;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/**
 * Refuses new work while the process is late or short of memory, before anything of the request is read. All else is answered as
 * well as it goes: looking at things and cancelling them is what helps.
 *
 * P1  A submission is judged once: when Node's server hands it over, before the framework sees it, because a refusal there
 *     costs a sixth of what taking it in costs. What a loop that is late can still do depends on that.
 * P2  A submission waits from the moment that all of it has come until it is answered. Before that it waits for its sender.
 * P3  Telling refusals takes at most four tenths of the time, one after the other. Told at once, a few thousand connections on
 *     which the next request waits already would take all of it, and what was let in would not be done.
 * P4  Those that come from web pages or to an address that is spelt unusually are judged in the framework, whose answers have the
 *     headers that let a page read them.
 */
export class Pressure {
  readonly #parts: PressureParts;
  readonly #lateness: Lateness;
  readonly #admitting = new Set<string>();
  readonly #body: readonly [before: string, after: string];
  readonly #head: readonly string[];
  #isStuck: () => boolean = () => false;
  #refused: () => void = () => {};
  #stuck = 0;
  #untold: (() => void)[] = [];

  constructor(parts: PressureParts) {
    const { settings, clock } = parts;
    this.#parts = parts;
    this.#lateness = new Lateness(
      { maxWaitMs: settings.maxSubmissionWaitMs, burst: settings.maxConcurrentExecutions },
      clock,
    );
    this.#body = problemText(new SquadraError('OVERLOADED', why));
    this.#head = [
      'Content-Type',
      'application/problem+json; charset=utf-8',
      ...Object.entries(bareHeaders).flat(),
      'X-Request-Id',
    ];
  }

  /** Whether new work is or was just refused for it. */
  get isHigh(): boolean {
    return this.#isStuck() || this.#lateness.isLate;
  }

  /** Answers what is refused; hands everything else on. */
  before(next: RequestListener): RequestListener {
    return (request, response) => {
      if (!this.#isPlain(request)) {
        next(request, response);
        return;
      }
      const retryAfterMs = this.#judge();
      if (retryAfterMs === null) next(request, response);
      else this.#refuse(response, retryAfterMs);
    };
  }

  /** Watches from now on, and judges what `before` left to the framework. To be called before there are routes. */
  async watch(app: FastifyInstance, metrics: Metrics): Promise<void> {
    const { maxLoopDelayMs, maxHeapShare } = this.#parts.settings;
    await app.register(underPressure, {
      maxEventLoopDelay: maxLoopDelayMs,
      maxHeapUsedBytes: Math.floor(maxHeapShare * getHeapStatistics().heap_size_limit),
      sampleInterval: sampleMs,
      // What is refused is decided here, by route.
      pressureHandler: () => {},
    });
    this.#isStuck = () => app.isUnderPressure();
    this.#refused = () => metrics.refused('pressure');
    app.addHook('onRoute', ({ method, url, config }) => {
      if (config?.admitsWork === true) this.#admitting.add(`${String(method)} ${url}`);
    });
    app.addHook('onRequest', async ({ raw, routeOptions }) => {
      if (routeOptions.config.admitsWork !== true || this.#isPlain(raw)) return;
      const retryAfterMs = this.#judge();
      if (retryAfterMs !== null) throw new SquadraError('OVERLOADED', why, { details: { retryAfterMs } });
    });
    const leaving = new WeakMap<FastifyRequest, (isServed: boolean) => void>();
    app.addHook('preHandler', async (request) => {
      if (request.routeOptions.config.admitsWork === true) leaving.set(request, this.#lateness.enter());
    });
    app.addHook('onResponse', async (request, { statusCode }) => leaving.get(request)?.(statusCode === 202));
  }

  #isPlain({ method = '', url = '', headers }: IncomingMessage): boolean {
    return method === 'POST' && this.#admitting.has(`${method} ${url}`) && headers.origin === undefined;
  }

  /** Null when a submission is taken in; otherwise when to come back, in milliseconds. */
  #judge(): number | null {
    const isStuck = this.#isStuck();
    if (!isStuck && this.#lateness.admits()) return null;
    this.#refused();
    if (!isStuck) return this.#lateness.retryAfterMs();
    this.#stuck += 1;
    return (1 + (this.#stuck % spreadSeconds)) * 1_000;
  }

  #refuse(response: ServerResponse, retryAfterMs: number): void {
    if (this.#untold.length >= mostUntold) {
      this.#answer(response, retryAfterMs);
      return;
    }
    if (this.#untold.length === 0) setTimeout(() => this.#tell(), tellEveryMs);
    this.#untold.push(() => this.#answer(response, retryAfterMs));
  }

  #tell(): void {
    const until = performance.now() + tellForMs;
    let told = 0;
    do this.#untold[told++]?.();
    while (told < this.#untold.length && performance.now() < until);
    this.#untold = this.#untold.slice(told);
    if (this.#untold.length > 0) setTimeout(() => this.#tell(), tellEveryMs);
  }

  #answer(response: ServerResponse, retryAfterMs: number): void {
    const requestId = this.#parts.ids();
    const [before, after] = this.#body;
    const body = before + requestId + after;
    response
      .writeHead(503, [
        ...this.#head,
        requestId,
        'Retry-After',
        retryAfterText(retryAfterMs),
        // All of it is ASCII.
        'Content-Length',
        String(body.length),
      ])
      .end(body);
  }
}

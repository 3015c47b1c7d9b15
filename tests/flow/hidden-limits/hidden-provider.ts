import { z } from 'zod';
import type { Admission } from '../../../src/flow/admission.ts';
import { startModelServer } from '../../../src/testing/model-server/model-server.ts';
import type { ModelServer } from '../../../src/testing/model-server/model-server.ts';
import { LimitKeeper } from '../../../src/testing/model-server/server-limits.ts';
import type { ServerLimits } from '../../../src/testing/model-server/server-limits.ts';
import { settle, TestClock } from '../../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const asksEach = 20;

const asking = defineWorkflow({
  name: 'asking',
  input: z.object({}),
  run: async ({ squad }) => {
    const names = Array.from({ length: asksEach }, (_, place) => `ask-${place}`);
    // Some may be turned away too often; the others go on.
    await Promise.allSettled(names.map((name) => squad.ask('tester', 'Hello.', { name })));
    return null;
  },
});

/** What the provider saw in a stretch of time. */
export interface Stretch {
  readonly callsPerSecond: number;
  readonly tokensPerSecond: number;
  /** Of all calls that reached it. */
  readonly refusedShare: number;
}

export interface Hidden {
  readonly limits: ServerLimits;
  /** What is in place of the gate that ships. */
  readonly admission?: Admission;
  /** Calls that want to be made, from the beginning: more than are made while anybody looks. */
  readonly calls: number;
}

const latencyMs = 200;
/** Spreads latencies evenly, the same in every run. */
const golden = 0.618_034;

/**
 * The server that ships, and in front of it, over HTTP, a provider that does not tell what it bears. Both go by one clock, which
 * moves only while every call that left has reached the provider: what is measured does not depend on how busy the machine is.
 */
export class HiddenProvider implements AsyncDisposable {
  readonly limits: ServerLimits;
  readonly #clock: TestClock;
  readonly #keeper: LimitKeeper;
  readonly #server: TestServer;
  readonly #model: ModelServer;

  private constructor(clock: TestClock, keeper: LimitKeeper, model: ModelServer, server: TestServer) {
    this.limits = keeper.limits;
    this.#clock = clock;
    this.#keeper = keeper;
    this.#model = model;
    this.#server = server;
  }

  static async open({ limits, admission, calls }: Hidden): Promise<HiddenProvider> {
    const clock = new TestClock();
    // A machine's clock counts whole milliseconds.
    const whole = { now: () => clock.now(), pause: (ms: number) => clock.pause(Math.round(ms)) };
    const keeper = new LimitKeeper({ ...limits }, whole);
    let asked = 0;
    const model = await startModelServer({
      limits: keeper,
      keepCalls: false,
      defaults: { chunks: 1, textLength: 40 },
      behave: () => ({ latencyMs: latencyMs * (0.9 + 0.2 * ((asked++ * golden) % 1)) }),
    });
    const server = await openTestServer(
      {
        workflows: [asking],
        squads: [{ name: 'one', members: [{ role: 'tester' }] }],
        settings: {
          logLevel: 'silent',
          openaiBaseUrl: model.url,
          openaiApiKey: 'key',
          agentRateLimitPerMinute: 0,
          shutdownGrace: 0,
        },
      },
      { clock, ...(admission === undefined ? {} : { openAdmission: () => admission }) },
    );
    const provider = new HiddenProvider(clock, keeper, model, server);
    await provider.#demand(Math.ceil(calls / asksEach));
    return provider;
  }

  /** What happens in so many milliseconds. */
  async during(ms: number): Promise<Stretch> {
    const { ended, acceptedTokens, refused } = this.#keeper;
    const end = this.#clock.now() + ms;
    for (;;) {
      await this.#settled();
      const nextMs = this.#clock.untilNextMs;
      if (nextMs === null || this.#clock.now() + nextMs > end) break;
      await this.#clock.advance(nextMs);
    }
    await this.#clock.advance(end - this.#clock.now());
    const [calls, turnedAway] = [this.#keeper.ended - ended, this.#keeper.refused - refused];
    return {
      callsPerSecond: (calls * 1e3) / ms,
      tokensPerSecond: ((this.#keeper.acceptedTokens - acceptedTokens) * 1e3) / ms,
      refusedShare: turnedAway / Math.max(1, calls + turnedAway),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    let isClosed = false;
    const closed = Promise.resolve(this.#server[Symbol.asyncDispose]()).finally(() => (isClosed = true));
    // What is given time to end takes it on this clock.
    while (!isClosed) await this.#clock.advance(1_000);
    await closed;
    await this.#model[Symbol.asyncDispose]();
  }

  async #demand(executions: number): Promise<void> {
    const submit = async (): Promise<void> => {
      const { status } = await this.#server.ask('/executions', {
        body: { squad: 'one', workflow: 'asking', input: {} },
      });
      if (status !== 202) throw new Error(`The submission was answered ${status}.`);
    };
    await Promise.all(Array.from({ length: executions }, submit));
    while (this.#calls.taken + this.#calls.waiting < executions * asksEach) await settle(1);
  }

  /** Resolves when all calls that left wait for their answers; those that were answered are over. */
  async #settled(): Promise<void> {
    do await settle();
    while (this.#calls.taken !== this.#keeper.inFlight);
  }

  get #calls() {
    return this.#server.assembly.squadra.statistics().calls;
  }
}

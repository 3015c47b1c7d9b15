import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/client.ts';
import type { Client } from '../../src/client.ts';
import type { SettingOptions } from '../../src/config/settings.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';
import { startModelServer } from '../../src/testing/model-server/model-server.ts';
import { LimitKeeper } from '../../src/testing/model-server/server-limits.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { openTestServer } from '../support/http-server.ts';
import type { TestServer } from '../support/http-server.ts';

/** How much one tenant asks for before the other comes, and how much goes side by side. */
const many = 1_000;
const parallelism = 20;

const once = defineWorkflow<{ message: string }, string>({
  name: 'once',
  run: ({ squad, input }) => squad.ask('tester', input.message).then(({ text }) => text),
});

const idle = { read: async () => ({ cpu: 0, memory: 0, loopDelayMs: 0 }), [Symbol.dispose]: () => {} };

const crews = (count: number): string[] => Array.from({ length: count }, (_, place) => `crew-${place}`);

/** Submissions of one execution for each call, spread over so many squads. */
const executions = (squads: number) => async (tenant: Client) => {
  const submit = (_: unknown, place: number) =>
    tenant.submit({ workflow: 'once', squad: `crew-${place % squads}`, input: { message: 'Of the first.' } });
  await Promise.all(Array.from({ length: many }, submit));
};
/** So many convoys that have as many items together. */
const convoys =
  (count: number, options: { parallelism?: number } = {}) =>
  async (tenant: Client) => {
    const items = Array.from({ length: many / count }, (_, place) => ({
      key: `item-${place}`,
      role: 'tester',
      message: 'Of the first.',
    }));
    await Promise.all(crews(count).map((squad) => tenant.convoys.create({ squad, items, ...options })));
  };

const oneExecution = async (tenant: Client) => {
  await tenant.submit({ workflow: 'once', squad: 'crew-0', input: { message: 'Of the second.' } });
};
const oneConvoy = async (tenant: Client) => {
  await tenant.convoys.create({
    squad: 'crew-0',
    items: [{ key: 'only', role: 'tester', message: 'Of the second.' }],
  });
};

type Demand = (tenant: Client) => Promise<void>;

interface Row {
  readonly what: string;
  readonly first: Demand;
  readonly second: Demand;
  /** Calls of the first that have come to the gate, when two rounds of them have left. */
  readonly asked: number;
  /** What the second waits for: the turn of its call, or a place. */
  readonly waitsFor: 'turn' | 'place';
  readonly settings?: SettingOptions;
}

const twoRounds = 2 * parallelism;
const fewExecutions = { maxConcurrentExecutions: parallelism, maxConcurrentModelCalls: 2 * parallelism };

const rows: readonly Row[] = [
  {
    what: 'a thousand executions of one squad',
    first: executions(1),
    second: oneExecution,
    asked: many,
    waitsFor: 'turn',
  },
  {
    what: 'a thousand executions of fifty squads',
    first: executions(50),
    second: oneExecution,
    asked: many,
    waitsFor: 'turn',
  },
  {
    what: 'a thousand executions, of which most wait for a place',
    first: executions(1),
    second: oneExecution,
    asked: twoRounds,
    waitsFor: 'place',
    settings: fewExecutions,
  },
  {
    what: 'a convoy of a thousand items, before one execution',
    first: convoys(1),
    second: oneExecution,
    asked: twoRounds,
    waitsFor: 'turn',
  },
  {
    what: 'a convoy of a thousand items, before a convoy of one',
    first: convoys(1),
    second: oneConvoy,
    asked: twoRounds,
    waitsFor: 'place',
  },
  {
    what: 'a convoy of a thousand that takes its own places, before a convoy of one',
    first: convoys(1, { parallelism }),
    second: oneConvoy,
    asked: twoRounds,
    waitsFor: 'turn',
  },
  {
    what: 'fifty convoys of a thousand items together, before a convoy of one',
    first: convoys(50),
    second: oneConvoy,
    asked: twoRounds,
    waitsFor: 'place',
  },
];

describe('the server that ships, when another tenant has asked for much before', () => {
  it.each(rows)(
    '$what',
    async ({ first, second, asked, waitsFor, settings = {} }) => {
      const clock = new TestClock();
      // A call is answered when the time moves on.
      await using models = await startModelServer({
        limits: new LimitKeeper({}, clock),
        defaults: { chunks: 1, textLength: 10, latencyMs: 1 },
      });
      const server = await openTestServer(
        {
          workflows: [once],
          settings: {
            openaiApiKey: 'key',
            openaiBaseUrl: models.url,
            agentRateLimitPerMinute: 0,
            rateLimitPerMinute: 0,
            maxConcurrentModelCalls: parallelism,
            shutdownGrace: 0,
            logLevel: 'silent',
            ...settings,
          },
        },
        { clock, openProbe: () => idle },
      );
      await using _ = closing(server, clock);
      const tenant = async (name: string, squads: number): Promise<Client> => {
        const { access, squadra } = server.assembly;
        for (const squad of crews(squads))
          await squadra.forTenant(name).squads.create({ name: squad, members: [{ role: 'tester' }] });
        const key = await access.createKey(name, { name, scopes: ['write'], expiresInMs: null });
        return createClient({ url: server.url, key: key.text });
      };
      const [one, other] = [await tenant('one', 50), await tenant('other', 1)];
      /** Resolves when so many calls have come to the gate. */
      const haveAsked = async (count: number): Promise<void> => {
        for (;;) {
          const { admitted, waiting } = server.assembly.squadra.statistics().calls;
          if (admitted + waiting >= count) return;
          await settle(1);
        }
      };
      await first(one);
      await models.reached('received', parallelism);
      await clock.advance(1);
      await models.reached('received', 2 * parallelism);
      await haveAsked(asked);
      await second(other);
      if (waitsFor === 'turn') await haveAsked(asked + 1);
      await clock.advance(1);
      await models.reached('received', 3 * parallelism);
      const starts = models.calls.slice(2 * parallelism);
      const place = starts.findIndex(({ body }) => body.includes('Of the second.')) + 1;
      expect(place).toBeGreaterThan(0);
      expect(place).toBeLessThanOrEqual(parallelism + 1);
    },
    120_000,
  );
});

/** What a server is given to end its calls passes on this clock. */
function closing(server: TestServer, clock: TestClock): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      let isClosed = false;
      const closed = Promise.resolve(server[Symbol.asyncDispose]()).finally(() => (isClosed = true));
      while (!isClosed) await clock.advance(1_000);
      await closed;
    },
  };
}

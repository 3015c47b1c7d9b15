import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sampleEveryMs } from '../../../src/flow/resource-monitor.ts';
import type { ResourceReading } from '../../../src/flow/resource-probe.ts';
import { startModelServer } from '../../../src/testing/model-server/model-server.ts';
import type { ModelServer } from '../../../src/testing/model-server/model-server.ts';
import { LimitKeeper } from '../../../src/testing/model-server/server-limits.ts';
import { settle, TestClock } from '../../../src/testing/test-clock.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const latencyMs = 4_000;
const count = 500;
/** Two turns of all places, and of the rarest starts. */
const measuredMs = 2 * latencyMs;

interface Row {
  readonly cpu: number;
  readonly memory: number;
  /** By the rule: places over latency, or one in each delay. */
  readonly perSecond: number;
}

/** What is reported in turn. Twenty places, five at the least: 20, 13, 5 of them, one start in 4 s, and 20 again. */
const rows: readonly Row[] = [
  { cpu: 40, memory: 40, perSecond: 5 },
  { cpu: 60, memory: 60, perSecond: 3.25 },
  { cpu: 80, memory: 80, perSecond: 1.25 },
  { cpu: 100, memory: 60, perSecond: 0.25 },
  { cpu: 0, memory: 20, perSecond: 5 },
];

let reading: ResourceReading;
let clock: TestClock;
let keeper: LimitKeeper;
let models: ModelServer;
let server: TestServer;
beforeEach(async () => {
  clock = new TestClock();
  keeper = new LimitKeeper({}, clock);
  models = await startModelServer({ limits: keeper, keepCalls: false, defaults: { chunks: 1, latencyMs } });
  server = await openTestServer(
    {
      settings: {
        agentRateLimitPerMinute: 0,
        openaiApiKey: 'test',
        openaiBaseUrl: models.url,
        shutdownGrace: 0,
      },
    },
    { clock, openProbe: () => ({ read: async () => reading, [Symbol.dispose]: () => {} }) },
  );
});
afterEach(async () => {
  let isClosed = false;
  const closed = Promise.resolve(server[Symbol.asyncDispose]()).finally(() => (isClosed = true));
  // What is given time to end takes it on this clock.
  while (!isClosed) await clock.advance(1_000);
  await closed;
  await models[Symbol.asyncDispose]();
});

describe('five hundred items, of a server that is told of another load', () => {
  it('start as many in a second as the load allows, two samples after it changed at the latest', async () => {
    reading = { cpu: 0, memory: 0, loopDelayMs: 1 };
    const items = Array.from({ length: count }, (_, n) => ({ key: `item-${n}`, role: 'tester', message: `Do ${n}.` }));
    const answer = await server.ask('/convoys', { body: { items, parallelism: 20 } });
    expect(answer.status).toBe(202);
    const { id } = z.object({ id: z.string() }).parse(answer.body);
    const seen: number[] = [];
    for (const { cpu, memory } of rows) {
      reading = { cpu, memory, loopDelayMs: 1 };
      await during(2 * sampleEveryMs);
      seen.push((await startsDuring(measuredMs)) / (measuredMs / 1e3));
    }
    expect(seen).toEqual(rows.map(({ perSecond }) => perSecond));
    expect(server.assembly.squadra.statistics().convoys.running).toBe(20);
    while (server.assembly.squadra.statistics().convoys.convoys > 0) await during(latencyMs);
    const { status, items: ended } = await server.assembly.squadra.convoys.result(id);
    expect([status, ended.length, keeper.accepted]).toEqual(['completed', count, count]);
  });
});

async function startsDuring(ms: number): Promise<number> {
  const before = server.assembly.squadra.statistics().starts.started;
  await during(ms);
  return server.assembly.squadra.statistics().starts.started - before;
}

/** Lets time pass, which stands still while anything is under way that takes none. */
async function during(ms: number): Promise<void> {
  const end = clock.now() + ms;
  for (;;) {
    await settled();
    const nextMs = clock.untilNextMs;
    if (nextMs === null || clock.now() + nextMs > end) break;
    await clock.advance(nextMs);
  }
  await clock.advance(end - clock.now());
  await settled();
}

/** Resolves when every item that runs waits for an answer of its model. */
async function settled(): Promise<void> {
  for (;;) {
    await settle();
    const { convoys, writer, calls } = server.assembly.squadra.statistics();
    if (writer.pending === 0 && calls.taken === keeper.inFlight && convoys.running === calls.taken + calls.waiting)
      return;
  }
}

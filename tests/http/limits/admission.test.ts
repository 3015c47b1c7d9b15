import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { openTestServer } from '../../support/http-server.ts';

/** Takes the only place and keeps it. */
const stays = defineWorkflow({
  name: 'stays',
  run: ({ step }) =>
    step.run('stay', async ({ signal }) => {
      await once(signal, 'abort');
      signal.throwIfAborted();
    }),
});
const submission = { workflow: 'stays', input: {} };
const crowded = {
  maxConcurrentExecutions: 1,
  maxQueuedExecutions: 2,
  backpressureThreshold: 1,
  shutdownGrace: '0s',
  logLevel: 'silent',
} as const;

describe('the gate', () => {
  it('refuses submissions with 503 and a Retry-After while the queue is full, and nothing else', async () => {
    await using server = await openTestServer({ settings: crowded, workflows: [stays] });
    const submit = () => server.ask('/executions', { body: submission });
    for (let place = 0; place < 3; place++) expect((await submit()).status).toBe(202);
    const refused = await submit();
    expect(refused).toMatchObject({ status: 503, body: { code: 'QUEUE_FULL', queued: 2, closesAt: 2 } });
    const retryAfter = refused.headers.get('retry-after');
    expect(retryAfter).toMatch(/^\d+$/);
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
    expect((await server.ask('/health')).status).toBe(200);
    expect(await server.ask('/ready')).toMatchObject({
      status: 200,
      body: { status: 'ready', gate: { isOpen: false, queued: 2, closesAt: 2 }, underPressure: false },
    });
    const { text } = await server.ask('/metrics');
    expect(text).toContain('squadra_gate_open 0');
    expect(text).toContain('squadra_executions{state="queued"} 2');
    expect(text).toContain('squadra_http_refusals_total{reason="gate"} 1');
  });

  it('refuses before the body has come', async () => {
    await using server = await openTestServer({ settings: crowded, workflows: [stays] });
    for (let place = 0; place < 3; place++) await server.ask('/executions', { body: submission });
    const answered = Promise.withResolvers<number | undefined>();
    // Its head says that more is to come, which never does.
    const client = request(`${server.url}/api/v1/executions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '1000' },
    });
    client.on('response', (response) => answered.resolve(response.statusCode));
    client.on('error', answered.reject);
    client.flushHeaders();
    expect(await answered.promise).toBe(503);
    client.destroy();
  });
});

describe('pressure', () => {
  // Any heap is more than this share of what it may be, from the first look at it on.
  const pressed = { maxHeapShare: 1e-6 };

  it('refuses submissions with 503 once the process is short of memory; all else is answered, and /ready tells', async () => {
    await using server = await openTestServer({ settings: pressed });
    await expect
      .poll(async () => (await server.ask('/ready')).body, { timeout: 10_000 })
      .toMatchObject({
        status: 'ready',
        underPressure: true,
      });
    const refused = await server.ask('/executions', { body: { message: 'Hello' } });
    expect(refused).toMatchObject({ status: 503, body: { code: 'OVERLOADED' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await server.ask('/health')).status).toBe(200);
    expect((await server.ask('/openapi.json')).status).toBe(200);
    expect((await server.ask('/metrics')).text).toContain('squadra_http_refusals_total{reason="pressure"} 1');
  });

  it('refuses submissions with 503 while the process comes late to its work, and takes them again when it does not', async () => {
    await using server = await openTestServer({ settings: { maxLoopDelay: '20ms', maxHeapShare: 0 } });
    const submit = async () => (await server.ask('/executions', { body: { message: 'Hello', start: false } })).status;
    const blocking = setInterval(() => {
      const until = performance.now() + 60;
      while (performance.now() < until);
    }, 1);
    try {
      await expect.poll(submit, { timeout: 15_000 }).toBe(503);
    } finally {
      clearInterval(blocking);
    }
    await expect.poll(submit, { timeout: 15_000 }).toBe(202);
  }, 40_000);

  it('is not looked for where it is turned off', async () => {
    await using server = await openTestServer({ settings: { maxHeapShare: 0, maxLoopDelay: 0 } });
    expect((await server.ask('/executions', { body: { message: 'Hello' } })).status).toBe(202);
  });
});

it.each([
  ['SQUADRA_RATE_LIMIT_PER_MINUTE', { rateLimitPerMinute: -1 }, 'is out of bounds'],
  ['SQUADRA_RATE_LIMIT_BURST', { rateLimitBurst: 1.5 }, 'is not a whole number'],
  ['SQUADRA_FAILED_AUTH_PER_MINUTE', { failedAuthPerMinute: Number.NaN }, 'is not a number'],
  ['SQUADRA_MAX_HEAP_SHARE', { maxHeapShare: 2 }, 'is out of bounds: 0 to 1'],
  ['SQUADRA_MAX_LOOP_DELAY', { maxLoopDelay: '2 moons' }, 'is not a duration'],
  ['SQUADRA_CACHE_ENTRIES', { cacheEntries: -5 }, 'is out of bounds'],
])('a wrong %s stops the start and says why', async (_, settings, why) => {
  await expect(openTestServer({ settings })).rejects.toMatchObject({
    code: 'INVALID_SETTING',
    message: expect.stringContaining(why) as string,
  });
});

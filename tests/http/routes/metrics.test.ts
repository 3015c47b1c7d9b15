import { expect, it } from 'vitest';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';
import { openTestServer } from '../../support/http-server.ts';

it('shows every figure in Prometheus text format, with help and type, and no label that names a tenant or an id', async () => {
  await using server = await openTestServer({ settings: { modelTokensPerMinute: 1_000_000 } });
  const { id } = (await server.ask('/executions', { body: { message: 'Hello' } })).body as { id: string };
  await server.assembly.squadra.run(id).result();
  await server.ask('/executions/nothing');
  const { text, headers, status } = await server.ask('/metrics');
  expect(status).toBe(200);
  expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  for (const line of [
    'squadra_executions{state="running"} 0',
    'squadra_gate_open 1',
    'squadra_gate_threshold_executions 80000',
    'squadra_model_call_places 2000',
    'squadra_provider_limit_calls{provider="offline",',
    'squadra_provider_calls{provider="offline",',
    'squadra_provider_tokens_left{provider="offline",',
    'squadra_agent_pool_size 100',
    'squadra_cache_misses_total{kind="squad"} 1',
    'squadra_commit_duration_seconds_bucket{le="+Inf"}',
    'squadra_open_streams 0',
    'squadra_event_loop_delay_seconds{quantile="0.99"}',
    'squadra_http_request_duration_seconds_count{route="/api/v1/executions",method="POST",status="2xx"} 1',
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
  ])
    expect(text).toContain(line);
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)/gm)) {
    expect(text).toContain(`# HELP ${name} `);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  }
  expect(text).not.toContain('squadra_provider_requests_left{');
  expect(text).not.toContain(id);
  expect(text).not.toContain('local');
  // What is counted adds up: every bucket is at most the next, and the last is all of them.
  const buckets = [...text.matchAll(/^squadra_commit_duration_seconds_bucket\{le="[^"]+"\} (\d+)/gm)].map(([, count]) =>
    Number(count),
  );
  expect(buckets.length).toBeGreaterThan(10);
  expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
  expect(text).toContain(`squadra_commit_duration_seconds_count ${buckets.at(-1)}`);
});

it('is for this machine, and elsewhere for keys with the scope admin', async () => {
  await using server = await openTestServer();
  const { access } = server.assembly;
  const make = async (scopes: readonly ('read' | 'admin')[]) =>
    (await access.createKey('acme', { name: 'k', scopes, expiresInMs: null })).text;
  const [reader, admin] = [await make(['read']), await make(['admin'])];
  // What comes through a proxy on this machine may come from anywhere.
  const headers = { 'x-forwarded-for': '192.0.2.7' };
  expect((await server.ask('/metrics')).status).toBe(200);
  expect((await server.ask('/metrics', { headers })).status).toBe(401);
  expect((await server.ask('/metrics', { headers, key: reader })).status).toBe(403);
  expect((await server.ask('/metrics', { headers, key: admin })).status).toBe(200);
});

it('counts how executions end, what calls came to and how long they took, and the streams that were turned away', async () => {
  const usage = { inputTokens: 1_000, outputTokens: 100, cachedTokens: 400, reasoningTokens: 30 };
  const model = scriptedModel(({ text }) =>
    text.includes('fail') ? { fail: { status: 400, message: 'No.' } } : { text: 'Done.', usage },
  );
  await using server = await openTestServer({
    models: { own: model.asProvider() },
    prices: { 'own/dear': { input: 10, cached: 1, output: 100 } },
    settings: { maxStreamsPerCaller: 1 },
  });
  const { squadra } = server.assembly;
  const member = (name: string) => ({ role: 'tester', provider: 'own', model: name });
  await squadra.squads.create({ name: 'dear', members: [member('dear')] });
  await squadra.squads.create({ name: 'unpriced', members: [member('other')] });
  const run = (squad: string, message: string) => squadra.submit('pipeline', { message, squad });
  await (await run('dear', 'Do it.')).result();
  await (await run('unpriced', 'Do it.')).result();
  await (await run('dear', 'Please fail.')).result();
  await (await squadra.submit('pipeline', { message: 'x', start: false })).cancel();
  const stop = new AbortController();
  const first = await fetch(`${server.url}/api/v1/events`, { signal: stop.signal });
  expect((await server.ask('/events')).status).toBe(429);
  const { text } = await server.ask('/metrics');
  stop.abort();
  await first.text().catch(() => '');
  for (const line of [
    'squadra_executions_ended_total{status="completed"} 2',
    'squadra_executions_ended_total{status="failed"} 1',
    'squadra_executions_ended_total{status="cancelled"} 1',
    'squadra_model_attempts_total{result="completed"} 2',
    'squadra_model_attempts_total{result="failed"} 1',
    'squadra_model_call_duration_seconds_count 2',
    'squadra_tokens_total{kind="input"} 2000',
    'squadra_tokens_total{kind="cached"} 800',
    'squadra_tokens_total{kind="output"} 200',
    'squadra_tokens_total{kind="reasoning"} 60',
    // 600 of 10, 400 of 1 and 100 of 100 dollars a million.
    'squadra_cost_usd_total 0.0164',
    'squadra_unpriced_calls_total 1',
    'squadra_streams_refused_total 1',
    'squadra_streams_slow_total 0',
    'squadra_open_streams 1',
  ])
    expect(text.split('\n')).toContain(line);
});

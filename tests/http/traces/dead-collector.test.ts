import { expect, it } from 'vitest';
import type { TracingStatistics } from '../../../src/telemetry/tracing.ts';
import { openTestServer } from '../../support/http-server.ts';
import { SpanCollector } from '../../support/span-collector.ts';

async function sampleOf(server: Awaited<ReturnType<typeof openTestServer>>): Promise<string> {
  return (await server.ask('/metrics')).text;
}

it('lets executions go on as ever while the collector hangs, refuses, or is not there', async () => {
  for (const how of ['hang', 'refuse', null] as const) {
    const collector = await SpanCollector.open(how === null ? {} : { behave: () => how });
    const { url } = collector;
    if (how === null) await collector[Symbol.asyncDispose]();
    await using server = await openTestServer({ settings: { otelExporterOtlpEndpoint: url, logLevel: 'silent' } });
    const { squadra } = server.assembly;
    const runs = await Promise.all([1, 2, 3].map(() => squadra.submit('pipeline', { message: 'Build a bridge.' })));
    const outcomes = await Promise.all(runs.map((run) => run.result()));
    expect(outcomes.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    if (how !== null) await collector.until(() => collector.requests > 0);
    const { exported }: TracingStatistics = squadra.statistics().traces;
    expect(exported).toBe(0);
    expect(await sampleOf(server)).toContain('squadra_trace_spans_total{result="exported"} 0');
    if (how !== null) await collector[Symbol.asyncDispose]();
  }
});

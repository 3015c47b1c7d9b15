import { context, trace } from '@opentelemetry/api';
import { StackContextManager } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { SpanCollector } from '../support/span-collector.ts';
import { temporaryFolder } from '../work/sqlite/open-state.ts';

const caller = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };

// What a program has that traces itself.
beforeEach(() => context.setGlobalContextManager(new StackContextManager().enable()));
afterEach(() => context.disable());

it('goes on with the trace of the program that it is a part of, and lets that go on within a step', async () => {
  await using folder = await temporaryFolder();
  await using collector = await SpanCollector.open();
  let within: string | undefined;
  const look = defineWorkflow({
    name: 'look',
    run: ({ step }) =>
      step.run('look', () => {
        within = trace.getSpanContext(context.active())?.spanId;
      }),
  });
  const options = { stateDir: folder.path, workflows: [look], settings: { otelExporterOtlpEndpoint: collector.url } };
  await using squadra = await openSquadraIn(options, { readSettings: (overrides) => readSettings({}, overrides) });
  const run = await context.with(trace.setSpanContext(context.active(), caller), () =>
    squadra.submit(look, { input: {} }),
  );
  await run.result();
  await collector.until(() => collector.has('invoke_workflow look'));
  expect(collector.one('invoke_workflow look')).toMatchObject({
    traceId: caller.traceId,
    parentSpanId: caller.spanId,
  });
  expect(collector.one('step look').spanId).toBe(within);
});

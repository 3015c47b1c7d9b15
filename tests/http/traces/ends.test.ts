import { expect, it } from 'vitest';
import { traceIdOf } from '../../../src/telemetry/trace-context.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { openTestServer } from '../../support/http-server.ts';
import { SpanCollector } from '../../support/span-collector.ts';
import type { CollectedSpan } from '../../support/span-collector.ts';

const failing = ({ name, failure, attributes }: CollectedSpan): string =>
  `${name}${failure === null ? '' : ` ! ${String(attributes['error.type'])}`}`;

/** What the offline model does for an ask. */
const work = ['chat script', 'execute_tool list', 'chat script', 'execute_tool write', 'chat script'];

function below(depth: number, ...lines: readonly string[]): string[] {
  return lines.map((line) => `${'  '.repeat(depth)}${line}`);
}

const never = new Promise<never>(() => {});

const broken = defineWorkflow({
  name: 'broken',
  steps: { retries: 0 },
  run: async ({ squad, step }) => {
    await Promise.all([
      squad.ask('tester', 'Test it.'),
      step.waitFor('word'),
      step.run('break', async ({ signal }) => {
        await squad.ask('project_manager', 'Plan it.');
        signal.throwIfAborted();
        throw new RangeError('Too far.');
      }),
      step.run('hang', () => never),
    ]);
  },
});

const patient = defineWorkflow({
  name: 'patient',
  run: async ({ squad, step }) => {
    await squad.ask('project_manager', 'Plan it.');
    await step.approve('release', { title: 'Release it?' });
  },
});

const caravan = defineWorkflow({
  name: 'caravan',
  run: ({ squad }) =>
    squad.convoy('journey', [
      { key: 'one', role: 'project_manager', message: 'Go first.' },
      { key: 'two', role: 'tester', message: 'Follow.', dependsOn: ['one'] },
    ]),
});

async function opened(collector: SpanCollector) {
  return openTestServer(
    { workflows: [broken, patient, caravan], settings: { otelExporterOtlpEndpoint: collector.url } },
    { random: () => 0 },
  );
}

it('ends with a failed execution all that was open in it, and tells a second try as spans of the same trace', async () => {
  await using collector = await SpanCollector.open();
  await using server = await opened(collector);
  const { squadra } = server.assembly;
  const run = await squadra.submit('broken', { input: {}, squad: 'software' });
  await run.result();
  await collector.until(() => collector.has('invoke_workflow broken'));
  const tree = collector.tree(failing);
  expect(tree.split('\n')[0]).toBe('invoke_workflow broken ! RangeError');
  expect(tree).toContain('  step break ! RangeError');
  expect(tree).toContain('  wait word ! EXECUTION_CANCELLED');
  expect(tree).toContain('  step hang ! EXECUTION_CANCELLED');
  expect(collector.spans.filter((span) => span.parentSpanId === null)).toHaveLength(1);
  // Nobody named a trace, so it is found by the id of the execution.
  expect(new Set(collector.spans.map((span) => span.traceId))).toEqual(new Set([traceIdOf(run.id)]));

  await run.retry();
  await run.result();
  await collector.until(() => collector.spans.filter(({ name }) => name === 'invoke_workflow broken').length === 2);
  expect(new Set(collector.spans.map((span) => span.spanId)).size).toBe(collector.spans.length);
  expect(new Set(collector.spans.map((span) => span.traceId)).size).toBe(1);
});

it('tells of an execution that is cancelled while it waits, and of what was open in it', async () => {
  await using collector = await SpanCollector.open();
  await using server = await opened(collector);
  const { squadra } = server.assembly;
  const run = await squadra.submit('patient', { input: {}, squad: 'software' });
  for await (const event of run.events()) if (event.event === 'status' && event.status === 'waiting') break;
  await run.cancel();
  await collector.until(() => collector.has('invoke_workflow patient'));
  expect(collector.tree(failing)).toBe(
    [
      'invoke_workflow patient ! EXECUTION_CANCELLED',
      '  invoke_agent Project manager',
      ...below(2, ...work),
      '  approval release ! EXECUTION_CANCELLED',
    ].join('\n'),
  );
});

it('puts the items of a convoy below the step that made it, each with its own calls', async () => {
  await using collector = await SpanCollector.open();
  await using server = await opened(collector);
  const { body } = await server.ask('/executions', { body: { workflow: 'caravan', squad: 'software', input: {} } });
  await server.assembly.squadra.run((body as { id: string }).id).result();
  await collector.until(() => collector.has('invoke_workflow caravan') && collector.has('POST /api/v1/executions'));
  expect(collector.tree()).toBe(
    [
      'POST /api/v1/executions',
      '  invoke_workflow caravan',
      '    step journey/start',
      '    convoy journey',
      '      invoke_workflow task',
      '        invoke_agent Project manager',
      ...below(5, ...work),
      '      invoke_workflow task',
      '        invoke_agent Tester',
      ...below(5, ...work),
      '    step journey/results',
    ].join('\n'),
  );
  for (const item of collector.spans.filter(({ name }) => name === 'invoke_workflow task'))
    expect(item.attributes).toMatchObject({ 'squadra.convoy.item.id': expect.any(String) });
});

it('puts the items of a convoy that was asked for over HTTP below the request', async () => {
  await using collector = await SpanCollector.open();
  await using server = await opened(collector);
  const items = [{ key: 'one', role: 'tester', message: 'Test it.' }];
  const { body } = await server.ask('/convoys', { body: { items } });
  await server.assembly.squadra.convoys.result((body as { id: string }).id);
  await collector.until(() => collector.has('invoke_workflow task') && collector.has('POST /api/v1/convoys'));
  expect(collector.tree()).toBe(
    ['POST /api/v1/convoys', '  invoke_workflow task', '    invoke_agent Tester', ...below(3, ...work)].join('\n'),
  );
});

it('sends nothing of a trace that its caller does not want recorded, and goes on with none that is not valid', async () => {
  await using collector = await SpanCollector.open();
  await using server = await opened(collector);
  const unwanted = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00' };
  const invalid = { traceparent: '00-00000000000000000000000000000000-00f067aa0ba902b7-01' };
  const body = { workflow: 'caravan', squad: 'software', input: {} };
  for (const headers of [unwanted, invalid]) {
    const { body: accepted } = await server.ask('/executions', { body, headers });
    await server.assembly.squadra.run((accepted as { id: string }).id).result();
  }
  await collector.until(() => collector.has('invoke_workflow caravan') && collector.has('POST /api/v1/executions'));
  expect(collector.spans.filter(({ name }) => name === 'invoke_workflow caravan')).toHaveLength(1);
  expect(collector.one('POST /api/v1/executions').parentSpanId).toBeNull();
});

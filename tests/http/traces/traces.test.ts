import { expect, it } from 'vitest';
import { z } from 'zod';
import { NonRetryableError } from '../../../src/kernel/errors.ts';
import { startModelServer } from '../../../src/testing/model-server/model-server.ts';
import { defineTool } from '../../../src/workflows/tool.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { openTestServer } from '../../support/http-server.ts';
import { SpanCollector } from '../../support/span-collector.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const secret = 'sk-a-key-that-nobody-may-read';

const look = defineTool({
  name: 'look',
  description: 'Looks at something.',
  input: z.object({ round: z.number(), place: z.number() }),
  run: ({ round }) => `saw the heron of round ${round}`,
});
const stumble = defineTool({
  name: 'stumble',
  description: 'Never works.',
  input: z.object({ round: z.number(), place: z.number() }),
  run: () => {
    throw new NonRetryableError('The otter is out.');
  },
});

/** Three agents: one calls tools, one is turned away once by its model, and one is asked beside a step that fails for good. */
const survey = defineWorkflow({
  name: 'survey',
  run: async ({ squad, step }) => {
    await step.run(
      'prepare',
      ({ number }) => {
        if (number === 1) throw new Error(`The kingfisher is late, with ${secret}.`);
        return 'ready';
      },
      { backoff: { initial: 1 } },
    );
    await squad.ask('project_manager', '[[server call=look,stumble]] Count the herons.');
    await squad.ask('backend_developer', `[[server status=500 times=1]] Count the otters with ${secret}.`);
    return (await squad.ask('tester', 'Check the count.')).text;
  },
});

const tools = [look, stumble];

async function surveyed(settings: Record<string, unknown>, headers: Record<string, string> = { traceparent }) {
  const collector = await SpanCollector.open();
  const model = await startModelServer();
  const server = await openTestServer(
    {
      workflows: [survey],
      tools,
      squads: [
        {
          name: 'surveyors',
          members: [
            { role: 'project_manager', name: 'Pia', tools: ['look', 'stumble'] },
            { role: 'backend_developer', name: 'Ben' },
            { role: 'tester', name: 'Tom' },
          ],
        },
      ],
      settings: {
        otelExporterOtlpEndpoint: collector.url,
        openaiBaseUrl: model.url,
        openaiApiKey: secret,
        ...settings,
      },
    },
    { random: () => 0 },
  );
  const body = { workflow: 'survey', squad: 'surveyors', input: { text: 'the secret marsh' } };
  const accepted = await server.ask('/executions', { body, headers });
  const { id } = accepted.body as { id: string };
  const outcome = await server.assembly.squadra.run(id).result();
  return {
    collector,
    server,
    id,
    outcome,
    close: async () => {
      await server[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
      await collector[Symbol.asyncDispose]();
    },
  };
}

it('tells a request, its execution, each ask, and every call in it as one tree below the span of the caller', async () => {
  const { collector, id, outcome, close } = await surveyed({});
  expect(outcome.status).toBe('completed');
  await collector.until(() => collector.has('invoke_workflow survey') && collector.has('POST /api/v1/executions'));
  expect(
    collector.tree(
      ({ name, failure, attributes }) => `${name}${failure === null ? '' : ` ! ${String(attributes['error.type'])}`}`,
    ),
  ).toBe(
    [
      'POST /api/v1/executions',
      '  invoke_workflow survey',
      '    step prepare ! Error',
      '    step prepare',
      '    invoke_agent Pia',
      '      chat gpt-5-mini',
      '      execute_tool look',
      '      execute_tool stumble ! tool_error',
      '      chat gpt-5-mini',
      '    invoke_agent Ben',
      '      chat gpt-5-mini ! MODEL_UNAVAILABLE',
      '      chat gpt-5-mini',
      '    invoke_agent Tom',
      '      chat gpt-5-mini',
    ].join('\n'),
  );
  expect(new Set(collector.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(new Set(collector.spans.map((span) => span.spanId)).size).toBe(collector.spans.length);
  const request = collector.one('POST /api/v1/executions');
  expect(request).toMatchObject({ kind: 'server', parentSpanId: '00f067aa0ba902b7', service: 'squadra' });
  expect(request.attributes).toMatchObject({ 'http.response.status_code': 202, 'http.route': '/api/v1/executions' });
  expect(collector.one('invoke_workflow survey').attributes).toMatchObject({
    'gen_ai.operation.name': 'invoke_workflow',
    'gen_ai.agent.name': 'survey',
    'gen_ai.conversation.id': id,
    'squadra.execution.id': id,
  });
  expect(collector.one('invoke_agent Tom').attributes).toMatchObject({
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': 'Tom',
    'squadra.member.role': 'tester',
  });
  const call = collector.spans.find(({ parentSpanId }) => parentSpanId === collector.one('invoke_agent Tom').spanId);
  expect(call).toMatchObject({ kind: 'client' });
  expect(call?.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-5-mini',
    'gen_ai.request.temperature': 0.7,
    'gen_ai.request.stream': true,
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': expect.any(Number),
    'gen_ai.usage.output_tokens': expect.any(Number),
    'squadra.cost.micro_usd': expect.any(Number),
    'squadra.step.key': 'tester/model/1',
    'squadra.step.attempt': 1,
  });
  expect(collector.one('execute_tool look').attributes).toMatchObject({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'look',
    'gen_ai.tool.call.id': expect.any(String),
  });
  await close();
});

it('holds no word of what was said, and no key, unless content is asked for', async () => {
  const quiet = await surveyed({ otelExporterOtlpHeaders: 'x-team=birds%20and%20otters' });
  await quiet.collector.until(() => quiet.collector.has('invoke_workflow survey'));
  const told = quiet.collector.bodies.join('\n');
  expect(told).not.toMatch(/heron|otter|marsh|kingfisher|Check the count/u);
  expect(told).not.toContain(secret);
  expect(quiet.collector.headers[0]).toMatchObject({ 'x-team': 'birds and otters' });
  await quiet.close();

  const open = await surveyed({ traceContent: true, otelServiceName: 'marsh' });
  await open.collector.until(() => open.collector.has('invoke_workflow survey'));
  const { collector } = open;
  const [ask] = collector.spans.filter(({ attributes }) => attributes['squadra.step.key'] === 'tester/model/1');
  expect(ask?.service).toBe('marsh');
  expect(JSON.parse(String(ask?.attributes['gen_ai.input.messages']))).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'Check the count.' }] },
  ]);
  expect(JSON.parse(String(ask?.attributes['gen_ai.output.messages']))).toEqual([
    { role: 'assistant', parts: [{ type: 'text', content: expect.any(String) }], finish_reason: 'stop' },
  ]);
  expect(JSON.parse(String(ask?.attributes['gen_ai.system_instructions']))).toEqual([
    { type: 'text', content: expect.any(String) },
  ]);
  const looked = collector.one('execute_tool look').attributes;
  expect(JSON.parse(String(looked['gen_ai.tool.call.arguments']))).toEqual({ round: 1, place: 1 });
  expect(looked['gen_ai.tool.call.result']).toBe('saw the heron of round 1');
  expect(collector.spans.find(({ name, failure }) => name === 'step prepare' && failure !== null)?.failure).toBe(
    'The kingfisher is late, with [secret].',
  );
  expect(collector.bodies.join('\n')).toContain('Count the otters with [secret].');
  expect(collector.bodies.join('\n')).not.toContain(secret);
  await open.close();
});

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startModelServer } from '../../src/testing/model-server/model-server.ts';
import { ask } from '../support/http-server.ts';
import { SpanCollector } from '../support/span-collector.ts';
import type { CollectedSpan } from '../support/span-collector.ts';
import { temporaryFolder } from '../work/sqlite/open-state.ts';
import type { TracedServerOrder } from './trace-main.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

/** A process that serves a state folder until it is killed. */
class Served implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(order: TracedServerOrder): Promise<Served> {
    const main = fileURLToPath(new URL('./trace-main.ts', import.meta.url));
    const child = fork(main, [JSON.stringify(order)], { execArgv: [] });
    const [url] = (await once(child, 'message')) as [string];
    return new Served(url, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

function told({ name, attributes, failure }: CollectedSpan): string {
  return `${name}${failure === null ? '' : ` ! ${String(attributes['error.type'])}`}`;
}

it('goes on with the trace after kill -9 in the middle of a call: one trace, no span without its parent, none twice', async () => {
  await using folder = await temporaryFolder();
  await using collector = await SpanCollector.open();
  // The second member's model says nothing to the first caller: there the process dies.
  let calls = 0;
  await using model = await startModelServer({ behave: () => (++calls === 2 ? { hang: 'before' } : {}) });
  const order = { stateDir: folder.path, collector: collector.url, model: model.url };
  let id: string;
  {
    await using first = await Served.start(order);
    const body = { workflow: 'pipeline', squad: 'software', message: 'Build a bridge.' };
    const accepted = await ask(first.url, '/executions', { body, headers: { traceparent } });
    ({ id } = accepted.body as { id: string });
    await model.reached('received', 2);
    // What had ended has left: what a crash takes with it is what waited to.
    await collector.until(
      () => collector.has('POST /api/v1/executions') && collector.has('invoke_agent Project manager'),
    );
  }
  await using _second = await Served.start(order);
  await collector.until(() => collector.has('invoke_workflow pipeline'));
  expect(collector.tree(told)).toBe(
    [
      'POST /api/v1/executions',
      '  invoke_workflow pipeline',
      '    invoke_agent Project manager',
      '      chat gpt-5-mini',
      '    invoke_agent Backend developer',
      '      chat gpt-5-mini ! IN_DOUBT',
      '      chat gpt-5-mini',
      '    invoke_agent Frontend developer',
      '      chat gpt-5-mini',
      '    invoke_agent Tester',
      '      chat gpt-5-mini',
    ].join('\n'),
  );
  expect(new Set(collector.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(new Set(collector.spans.map((span) => span.spanId)).size).toBe(collector.spans.length);
  const execution = collector.one('invoke_workflow pipeline');
  expect(execution.attributes['squadra.execution.id']).toBe(id);
  // What was cut off began in the life before.
  const within = collector.spans.filter(({ name }) => name !== 'POST /api/v1/executions');
  expect(within.every((span) => span.startedAt >= execution.startedAt && span.endedAt <= execution.endedAt)).toBe(true);
  const [lost, again] = collector.spans.filter(
    (span) => span.attributes['squadra.step.key'] === 'backend_developer/model/1',
  );
  expect(lost?.startedAt).toBeLessThan(again?.startedAt ?? 0n);
});

it('goes on with the trace of a convoy: an item that begins after the restart stands below the same request', async () => {
  await using folder = await temporaryFolder();
  await using collector = await SpanCollector.open();
  let calls = 0;
  await using model = await startModelServer({ behave: () => (++calls === 1 ? { hang: 'before' } : {}) });
  const order = { stateDir: folder.path, collector: collector.url, model: model.url };
  {
    await using first = await Served.start(order);
    const items = [
      { key: 'plan', role: 'project_manager', message: 'Plan it.' },
      { key: 'test', role: 'tester', message: 'Test it.', dependsOn: ['plan'] },
    ];
    await ask(first.url, '/convoys', { body: { items }, headers: { traceparent } });
    await model.reached('received', 1);
    await collector.until(() => collector.has('POST /api/v1/convoys'));
  }
  await using _second = await Served.start(order);
  await collector.until(() => collector.spans.filter(({ name }) => name === 'invoke_workflow task').length === 2);
  expect(collector.tree(told)).toBe(
    [
      'POST /api/v1/convoys',
      '  invoke_workflow task',
      '    invoke_agent Project manager',
      '      chat gpt-5-mini ! IN_DOUBT',
      '      chat gpt-5-mini',
      '  invoke_workflow task',
      '    invoke_agent Tester',
      '      chat gpt-5-mini',
    ].join('\n'),
  );
  expect(new Set(collector.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import type { Run } from '../../src/orchestrator/run-handle.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import type { CallLogLine } from '../../src/testing/model-server/served-call.ts';
import { settle } from '../../src/testing/test-clock.ts';
import { addUsage, noUsage } from '../../src/work/usage.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { type Child, startChild } from '../chaos/child.ts';

const protocols = ['openai', 'anthropic'] as const;
type Protocol = (typeof protocols)[number];

const note = defineTool({
  name: 'note',
  description: 'Notes the place of a call.',
  input: z.object({ round: z.number(), place: z.number() }),
  isReadOnly: true,
  run: ({ place }) => `noted ${place}`,
});
const strict = defineTool({
  name: 'strict',
  description: 'Wants to know who.',
  input: z.object({ who: z.string() }),
  isReadOnly: true,
  run: ({ who }) => who,
});
const asking = defineWorkflow({
  name: 'asking',
  input: z.object({ message: z.string() }),
  run: async ({ input, squad }) => (await squad.ask('tester', input.message, { tools: [note, strict] })).text,
});

let folder: string;
let server: Child;
let squadra: Squadra;

// The server is a process of its own, as a provider is; only its log tells what reached it.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'squadra-faults-'));
  const script = new URL('../../src/testing/model-server/main.ts', import.meta.url);
  server = startChild(script, ['--log', join(folder, 'calls.jsonl')]);
  const port = /^listening (\d+)$/.exec((await server.firstLine) ?? '')?.[1];
  const url = `http://127.0.0.1:${port}/v1`;
  const settings = {
    logLevel: 'silent',
    // As a server has it: what comes out of a thread is held against the same.
    modelThreads: 1,
    openaiBaseUrl: url,
    openaiApiKey: 'key-of-openai',
    anthropicBaseUrl: url,
    anthropicApiKey: 'key-of-anthropic',
    modelFirstTokenTimeout: '1500ms',
    modelIdleTimeout: '1s',
  } as const;
  squadra = await openSquadraIn(
    {
      stateDir: join(folder, 'state'),
      settings,
      workflows: [asking],
      squads: protocols.map((provider) => ({ name: provider, members: [{ role: 'tester', provider }] })),
    },
    { random: () => 0, readSettings: (overrides) => readSettings({}, overrides) },
  );
});
afterAll(async () => {
  await squadra[Symbol.asyncDispose]();
  server.kill('SIGKILL');
  await server.exited;
  rmSync(folder, { recursive: true, force: true });
});

function submit(squad: Protocol, directive: string): Promise<Run<string>> {
  return squadra.submit(asking, { squad, input: { message: `[[server ${directive}]] Hello.` } });
}

function linesOf(step: string): readonly CallLogLine[] {
  const lines = readFileSync(join(folder, 'calls.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as CallLogLine).filter(({ idempotencyKey }) => idempotencyKey === step);
}

/** What became of the attempts of a step: error codes, and null where it succeeded. */
async function attemptsOf(run: Run, key: string): Promise<(string | null)[]> {
  const codes: (string | null)[] = [];
  for await (const event of run.events({ follow: false }))
    if (event.event === 'step' && event.key === key && (event.phase === 'failed' || event.phase === 'completed'))
      codes.push(event.error?.code ?? null);
  return codes;
}

const firstCall = 'tester/model/1';

describe.each(protocols)('%s, in a process of its own', (protocol) => {
  it.each<[string, (string | null)[]]>([
    ['latencyMs=200', [null]],
    ['status=429 retryAfter=300ms times=1', [null]],
    ['status=500 times=2', ['MODEL_UNAVAILABLE', 'MODEL_UNAVAILABLE', null]],
    ['hang=before times=1', ['MODEL_TIMEOUT', null]],
    ['hang=inside times=1', ['MODEL_TIMEOUT', null]],
    ['cut=socket times=1', ['MODEL_BROKEN_STREAM', null]],
    ['cut=clean times=1', ['MODEL_BROKEN_STREAM', null]],
    ['broken=true times=1', ['MODEL_BROKEN_STREAM', null]],
    ['streamError=overloaded times=1', ['MODEL_BROKEN_STREAM', null]],
  ])('that does %s is called until the answer is whole, every time with the same key', async (directive, attempts) => {
    // Who is turned away comes back within the attempt.
    const calls = attempts.length + (directive.includes('429') ? 1 : 0);
    const run = await submit(protocol, directive);
    expect(await run.result()).toMatchObject({ status: 'completed', output: expect.stringMatching(/^You said: /) });
    expect(await attemptsOf(run, firstCall)).toEqual(attempts);
    const received = linesOf(`${run.id}/${firstCall}`).filter(({ phase }) => phase === 'received');
    expect(received.map(({ attempt }) => attempt)).toEqual(Array.from({ length: calls }, (_, index) => index + 1));
    const [answer] = (await run.messages()).filter(({ message }) => message.kind === 'answer');
    expect(answer?.message.text.match(/All of it was read\. /g)).toHaveLength(20);
  });

  it('is left alone for as long as it says', async () => {
    const run = await submit(protocol, 'status=429 retryAfter=700ms times=1');
    await run.result();
    const lines = linesOf(`${run.id}/${firstCall}`);
    const [refused, again] = [lines[1]?.at ?? 0, lines[2]?.at ?? 0];
    expect(lines.map(({ phase }) => phase)).toEqual(['received', 'refused', 'received', 'completed']);
    expect(again - refused).toBeGreaterThanOrEqual(699);
  });

  it.each([
    ['status=400', 'MODEL_REJECTED'],
    ['status=401', 'MODEL_REJECTED'],
    ['status=403', 'MODEL_REJECTED'],
    ['status=404', 'MODEL_REJECTED'],
  ])('that answers %s is not called again', async (directive, code) => {
    const run = await submit(protocol, directive);
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code } });
    expect(linesOf(`${run.id}/${firstCall}`).map(({ phase }) => phase)).toEqual(['received', 'completed']);
  });

  it('may answer with two megabytes', async () => {
    const length = 2 * 1024 * 1024;
    const outcome = await (await submit(protocol, `textLength=${length}`)).result();
    expect(outcome.status === 'completed' && outcome.output === 'x'.repeat(length)).toBe(true);
  });

  it('may call tools in parallel, unknown ones and with bad arguments too', async () => {
    const run = await submit(protocol, 'call=note,nothing,strict,note');
    expect(await run.result()).toMatchObject({ status: 'completed' });
    const results = (await run.messages()).filter(({ message }) => message.kind === 'tool-result');
    expect(results.map(({ message }) => message.text)).toEqual([
      'noted 1',
      'There is no tool "nothing". The tools are: note, strict.',
      expect.stringMatching(/^The arguments of strict do not fit: who: /),
      'noted 4',
    ]);
    expect(linesOf(`${run.id}/tester/model/2`)).toHaveLength(2);
  });

  it('may count nothing: then it is estimated', async () => {
    const run = await submit(protocol, 'usage=false');
    await run.result();
    expect((await run.get()).usage).toMatchObject({ modelCalls: 1, estimatedCalls: 1, unpricedCalls: 0 });
  });

  it.each(['before', 'inside'])('that hangs %s hears of a cancellation', async (hang) => {
    const run = await submit(protocol, `hang=${hang}`);
    while (linesOf(`${run.id}/${firstCall}`).length === 0) await settle(1);
    await run.cancel();
    expect(await run.result()).toMatchObject({ status: 'cancelled' });
    while (linesOf(`${run.id}/${firstCall}`).length === 1) await settle(1);
    expect(linesOf(`${run.id}/${firstCall}`).map(({ phase }) => phase)).toEqual(['received', 'aborted']);
    // What had left may be charged for.
    expect((await run.get()).usage).toMatchObject({ modelCalls: 1, estimatedCalls: 1 });
  });
});

it('usage adds up, of what failed, was cancelled and was forked too: by step, item, execution, squad and tenant', async () => {
  const [failing, whole] = await Promise.all([submit('openai', 'cut=socket'), submit('openai', 'call=note')]);
  const runs = [failing, whole, await submit('anthropic', 'hang=before')];
  const [, , hanging] = runs;
  expect(await failing.result()).toMatchObject({ status: 'failed', error: { code: 'MODEL_BROKEN_STREAM' } });
  await whole.result();
  while (linesOf(`${hanging?.id}/${firstCall}`).length === 0) await settle(1);
  await hanging?.cancel();
  const fork = await whole.fork({ from: 'tester/model/2' });
  await fork.result();
  const [ofFailed, ofWhole, ofCancelled, ofFork] = await Promise.all(
    [...runs, fork].map(async (run) => {
      const steps: (typeof noUsage)[] = [];
      for await (const event of run.events({ follow: false }))
        if (event.event === 'step' && event.usage !== null) steps.push(event.usage);
      const { usage } = await run.get();
      expect(steps.reduce(addUsage, noUsage)).toEqual(usage);
      const { items } = await squadra.workItems.list({ executionId: run.id });
      expect(items.map((item) => item.usage).reduce(addUsage, noUsage)).toEqual(usage);
      return usage;
    }),
  );
  // Five broken answers, each paid for as far as it came; one call that was cut off; one that the fork made itself.
  expect(ofFailed).toMatchObject({ modelCalls: 5, estimatedCalls: 5 });
  expect(ofWhole).toMatchObject({ modelCalls: 2, estimatedCalls: 0 });
  expect(ofCancelled).toMatchObject({ modelCalls: 1, estimatedCalls: 1 });
  expect(ofFork).toMatchObject({ modelCalls: 1, estimatedCalls: 0 });
  expect(ofWhole?.cachedTokens).toBeGreaterThan(0);
  expect(ofWhole?.reasoningTokens).toBeGreaterThan(0);

  const { items: all } = await squadra.list({ limit: 200 });
  const executions = all.filter(({ usage }) => usage.modelCalls > 0);
  const sum = executions.map(({ usage }) => usage).reduce(addUsage, noUsage);
  const bySquad = await squadra.usage({ groupBy: 'squad' });
  expect((await squadra.usage()).total).toEqual({ executions: executions.length, usage: sum });
  expect(bySquad.groups.map(({ usage }) => usage).reduce(addUsage, noUsage)).toEqual(sum);
  expect(new Set(bySquad.groups.map(({ name }) => name))).toEqual(new Set(protocols));
});

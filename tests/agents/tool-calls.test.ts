import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { askMember } from '../../src/agents/ask-member.ts';
import { askPerson } from '../../src/agents/ask-person.ts';
import { NonRetryableError, SquadraError } from '../../src/kernel/errors.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import type { ScriptedAnswer } from '../../src/testing/scripted-answer.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { type AnyTool, defineTool } from '../../src/workflows/tool.ts';
import type { AskOptions } from '../../src/workflows/asker.ts';
import { type AskingOptions, failureOf, openAsking } from './asking.ts';
import { MemoryJournal } from './memory-journal.ts';

let journal: MemoryJournal;
let folder: string;

beforeEach(() => {
  journal = new MemoryJournal();
  folder = mkdtempSync(join(tmpdir(), 'squadra-tools-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const add = defineTool({
  name: 'add',
  description: 'Adds two numbers.',
  input: z.object({ a: z.number(), b: z.number().default(1) }),
  isReadOnly: true,
  run: ({ a, b }) => a + b,
});

/** A tool whose calls are counted. */
function noting(run: AnyTool['run'] = () => 'noted', more: Partial<AnyTool> = {}) {
  const calls: unknown[] = [];
  const tool: AnyTool = {
    ...defineTool({
      name: 'note',
      description: 'Notes something.',
      input: z.object({ text: z.string().optional() }),
      run: (input, context) => {
        calls.push(input);
        // The test's own function, of the same input.
        return (run as (given: unknown, of: unknown) => unknown)(input, context);
      },
    }),
    ...more,
  };
  return { tool, calls };
}

interface Given extends AskingOptions {
  readonly ask?: AskOptions;
}

function ask(answers: readonly ScriptedAnswer[], { ask: options = {}, ...given }: Given = {}) {
  const model = scriptedModel(answers);
  const { asker, member } = openAsking({ workspaceRoot: folder, ...given, models: { script: model.asProvider() } });
  const tester = member({ provider: 'script' });
  journal.asker = asker;
  return { model, answer: asker.ask(journal.request(tester, 'Do it.', options)) };
}

const call = (name: string, input: unknown, id?: string) => ({
  name,
  // Of JSON values and of texts that are no JSON.
  input: input as string,
  ...(id === undefined ? {} : { id }),
});
const calling = (...toolCalls: ReturnType<typeof call>[]): ScriptedAnswer => ({ toolCalls });
const results = () => journal.messages.filter(({ kind }) => kind === 'tool-result').map(({ text }) => text);

describe('an answer that calls tools', () => {
  it('gets the results in the order of the calls, and the next answer is that of the ask', async () => {
    const { model, answer } = ask(
      [{ text: 'Let me see.', toolCalls: [call('add', { a: 1, b: 2 }), call('add', { a: 40 })] }, 'It is 3 and 41.'],
      { tools: [add] },
    );
    expect(await answer).toMatchObject({ text: 'It is 3 and 41.', usage: { modelCalls: 2 } });
    expect(model.calls[1]?.prompt.slice(1)).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Do it.' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Let me see.' },
          { type: 'tool-call', toolCallId: 'call-1', toolName: 'add', input: { a: 1, b: 2 } },
          { type: 'tool-call', toolCallId: 'call-2', toolName: 'add', input: { a: 40 } },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'call-1', toolName: 'add', output: { type: 'text', value: '3' } },
          { type: 'tool-result', toolCallId: 'call-2', toolName: 'add', output: { type: 'text', value: '41' } },
        ],
      },
    ]);
  });

  it('is recorded call by call: intent, call, commit', async () => {
    await ask([calling(call('add', { a: 1 })), 'Done.'], { tools: [add] }).answer;
    expect(journal.entries.map(({ entry, key }) => `${entry} ${key}`)).toEqual([
      'intent tester/model/1',
      'result tester/model/1',
      'intent tester/tool/1.1',
      'result tester/tool/1.1',
      'intent tester/model/2',
      'result tester/model/2',
    ]);
    expect(journal.messages.map(({ role, kind, text, stepKey }) => [role, kind, text, stepKey])).toEqual([
      ['user', 'ask', 'Do it.', 'tester'],
      ['tool', 'tool-result', '2', 'tester/tool/1.1'],
      ['assistant', 'answer', 'Done.', 'tester/model/2'],
    ]);
    expect(journal.items.at(-1)).toEqual({ change: 'complete', id: 'item-tester' });
  });

  it('offers the tools of the member and of the ask, by name, with their schemas', async () => {
    const own = defineTool({
      name: 'add',
      description: 'Adds otherwise.',
      input: { jsonSchema: { type: 'object', properties: { x: { type: 'string' } } } },
      run: () => 'own',
    });
    const { tool } = noting();
    const { model, answer } = ask(['Done.'], { tools: [tool, add], ask: { tools: [own] } });
    await answer;
    expect(model.calls[0]?.options.tools).toEqual([
      {
        type: 'function',
        name: 'add',
        description: 'Adds otherwise.',
        inputSchema: { type: 'object', properties: { x: { type: 'string' } } },
      },
      expect.objectContaining({ name: 'note', inputSchema: expect.objectContaining({ type: 'object' }) }),
    ]);
  });

  it('gives the same bytes to a call that is made again, and makes no recorded call again', async () => {
    const { tool, calls } = noting();
    const answers = [calling(call('note', { text: 'é' }), call('none', {}), call('note', '{broken')), 'Done.'];
    const first = ask(answers, { tools: [tool] });
    await first.answer;
    journal.forget('tester/model/2');
    const again = ask([answers[1] ?? ''], { tools: [tool] });
    await again.answer;
    expect(JSON.stringify(again.model.calls[0]?.prompt)).toBe(JSON.stringify(first.model.calls[1]?.prompt));
    expect(again.model.calls).toHaveLength(1);
    expect(calls).toHaveLength(1);
  });

  it('goes the way it was recorded although the tool has gone or wants approval now', async () => {
    const { tool, calls } = noting();
    const answers = [calling(call('note', {})), 'Done.'];
    await ask(answers, { tools: [tool] }).answer;
    journal.forget('tester/model/2');
    journal.forget('tester/tool/1.1');
    await ask([answers[1] ?? ''], { tools: [{ ...tool, requireApproval: true }] }).answer;
    expect([calls.length, journal.questions.length]).toEqual([2, 0]);
    journal.forget('tester/tool/1.1');
    journal.forget('tester/model/2');
    await ask([answers[1] ?? '']).answer;
    expect(results().at(-1)).toBe('There is no tool note any more.');
  });

  it('sends back what the provider wants to see again: reasoning with its signature, and what belongs to a call', async () => {
    const { model, answer } = ask([{ reasoning: 'Hm.', toolCalls: [call('add', { a: 1 })] }, 'Done.'], {
      tools: [add],
    });
    await answer;
    expect(model.calls[1]?.prompt[2]?.content[0]).toEqual({ type: 'reasoning', text: 'Hm.' });
  });

  it('may match a schema in the end', async () => {
    const schema = z.object({ sum: z.number() });
    const { answer } = ask([calling(call('add', { a: 1 })), 'about 2', { object: { sum: 2 } }], {
      tools: [add],
      ask: { schema },
    });
    expect(await answer).toMatchObject({ object: { sum: 2 } });
  });

  it('tells the tool who calls, for what, and where the workspace is', async () => {
    let seen: unknown;
    const { tool } = noting((_, context) => void (seen = context));
    await ask([calling(call('note', {})), 'Done.'], { tools: [tool] }).answer;
    expect(seen).toMatchObject({
      executionId: 'execution-1',
      tenant: 'local',
      idempotencyKey: 'execution-1/tester/tool/1.1',
      workspace: join(folder, 'execution-1'),
      signal: expect.any(AbortSignal),
    });
    expect(results()).toEqual(['Done; there is nothing to report.']);
  });
});

describe('a call that cannot be made', () => {
  const hostile = '../../etc/passwd\u001b[2J';
  const deep = `{"a":${'['.repeat(100)}${']'.repeat(100)}}`;

  it.each([
    ['an unknown tool', call('subtract', {}), 'There is no tool "subtract". The tools are: add.'],
    [
      'a name that is a path with escape sequences',
      call(hostile, {}),
      'There is no tool "../../etc/passwd [2J". The tools are: add.',
    ],
    ['a name of the language', call('constructor', {}), 'There is no tool "constructor". The tools are: add.'],
    ['the prototype', call('__proto__', {}), 'There is no tool "__proto__". The tools are: add.'],
    [
      'a name of a megabyte',
      call('x'.repeat(1_000_000), {}),
      `There is no tool "${'x'.repeat(80)}". The tools are: add.`,
    ],
    ['no name', call('', {}), 'There is no tool "". The tools are: add.'],
    ['arguments that are no JSON', call('add', '{"a": 1'), expect.stringMatching(/^The arguments are not JSON: /)],
    ['arguments that are no object', call('add', '[1]'), 'The arguments are not a JSON object.'],
    [
      'arguments that do not fit',
      call('add', { a: 'one' }),
      expect.stringMatching(/^The arguments of add do not fit: a: /),
    ],
    ['arguments nested too deeply', call('add', deep), 'The arguments are nested more than 64 deep.'],
  ])('is told so: %s', async (_, bad, told) => {
    const { model, answer } = ask([calling(bad), 'Never mind.'], { tools: [add] });
    expect((await answer).text).toBe('Never mind.');
    expect(results()).toEqual([told]);
    const [sent] = model.calls[1]?.prompt[2]?.content ?? [];
    expect(sent).toMatchObject({ type: 'tool-call', toolName: expect.stringMatching(/^[A-Za-z][\w-]{0,63}$/) });
    expect(JSON.stringify(journal.entries).length).toBeLessThan(10_000);
  });

  it('takes no arguments for an empty object', async () => {
    const { tool, calls } = noting();
    await ask([calling(call('note', '')), 'Done.'], { tools: [tool] }).answer;
    expect(calls).toEqual([{}]);
  });

  it('gives every call an id of its own that a provider takes back', async () => {
    const ids = ['same', 'same', '', 'a b', 'x'.repeat(300), '\u001b[2J'];
    const { model, answer } = ask([calling(...ids.map((id) => call('add', { a: 1 }, id))), 'Done.'], {
      tools: [add],
      settings: { maxRepeatedCalls: 10 },
    });
    await answer;
    const sent = model.calls[1]?.prompt[2]?.content;
    expect(sent?.valueOf()).toHaveLength(6);
    const given = (Array.isArray(sent) ? sent : []).map((part) => ('toolCallId' in part ? part.toolCallId : ''));
    expect(given).toEqual(['same', 'call-1-2', 'call-1-3', 'call-1-4', 'call-1-5', 'call-1-6']);
  });
});

describe('a tool that fails', () => {
  const failing = (error: unknown, more: Partial<AnyTool> = {}) =>
    noting(() => {
      throw error;
    }, more);

  it.each([
    [new Error('The city is unknown.'), 'The city is unknown.'],
    [new TypeError('x is not a function'), 'TypeError: x is not a function'],
    [new NonRetryableError('Never.\nAsk somebody else.'), 'Never.\nAsk somebody else.'],
    [new SquadraError('UNKNOWN_TOOL', 'It is gone.'), 'It is gone.'],
    [new Error(''), 'The tool failed and did not say why.'],
    ['a text', 'a text'],
    [new Error('Bearer abcdefghijklmnop \u001b[31mred'), '[secret] [31mred'],
  ])('is told to the model: %s', async (error, told) => {
    const { tool, calls } = failing(error);
    const { model, answer } = ask([calling(call('note', {})), 'I see.'], { tools: [tool] });
    expect((await answer).text).toBe('I see.');
    expect(results()).toEqual([told]);
    expect(model.calls[1]?.prompt[3]?.content[0]).toMatchObject({ output: { type: 'error-text' } });
    expect(calls).toHaveLength(1);
  });

  it('is tried again when that may help, and told when it did not', async () => {
    journal.attempts = 3;
    const { tool, calls } = failing(new SquadraError('TOOL_UNAVAILABLE', 'The server is down.'));
    await ask([calling(call('note', {})), 'I see.'], { tools: [tool] }).answer;
    expect(calls).toHaveLength(3);
    expect(results()).toEqual(['The server is down.']);
  });

  it('is told so when its result is no JSON', async () => {
    const { tool } = noting(() => ({ big: 1n }));
    await ask([calling(call('note', {})), 'I see.'], { tools: [tool] }).answer;
    expect(results()[0]).toMatch(/^What note returned cannot be stored as JSON/);
  });

  it('is given up when its time is over, whether it listens or not', async () => {
    const clock = new TestClock();
    let signal: AbortSignal | undefined;
    const { tool } = noting(
      (_, context) => {
        signal = context.signal;
        return new Promise(() => {});
      },
      { timeoutMs: 5_000, isReadOnly: true },
    );
    const { answer } = ask([calling(call('note', {})), 'I see.'], { tools: [tool], clock });
    await clock.advance(5_000);
    expect((await answer).text).toBe('I see.');
    expect(results()).toEqual(['note gave no result within 5.0s; whether it took effect is not known.']);
    expect(signal?.aborted).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it('stops when the ask is cancelled', async () => {
    let signal: AbortSignal | undefined;
    const reason = new Error('Nobody wants it any more.');
    const { tool } = noting((_, context) => {
      signal = context.signal;
      queueMicrotask(() => journal.cancel(reason));
      return new Promise(() => {});
    });
    expect(await failureOf(ask([calling(call('note', {})), 'I see.'], { tools: [tool] }).answer)).toBe(reason);
    expect(signal?.aborted).toBe(true);
  });
});

describe('a long result', () => {
  const long = `${'é'.repeat(200_000)}!`;

  it('is cut for the model and kept whole as a file and artifact', async () => {
    const { tool } = noting(() => long);
    await ask([calling(call('note', {})), 'I see.'], { tools: [tool], settings: { maxToolResultBytes: 1_001 } }).answer;
    const [told = ''] = results();
    expect(
      told.startsWith(
        `${'é'.repeat(500)}\n\n[These are the first 1000 of 400001 bytes. The whole is kept in the workspace as .results/`,
      ),
    ).toBe(true);
    const attached = journal.items.find(({ change }) => change === 'attach');
    const path = attached?.change === 'attach' ? attached.artifact.path : '';
    expect(attached).toMatchObject({ artifact: { bytes: 400_001, stepKey: 'tester/tool/1.1' } });
    expect(readFileSync(join(folder, 'execution-1', path), 'utf8')).toBe(long);
    expect(told).toContain(path);
  });

  it('is not kept twice when the tool says that it can be had again', async () => {
    const { tool } = noting(() => long, { keepsResult: false });
    await ask([calling(call('note', {})), 'I see.'], { tools: [tool] }).answer;
    expect(journal.items.map(({ change }) => change)).not.toContain('attach');
    expect(results()[0]?.endsWith('[These are the first 65536 of 400001 bytes.]')).toBe(true);
  });

  it('says so when it cannot be kept', async () => {
    const { tool } = noting(() => 'x'.repeat(2 * 1024 * 1024));
    const settings = { maxWorkspaceBytes: 1024 * 1024 };
    await ask([calling(call('note', {})), 'I see.'], { tools: [tool], settings }).answer;
    expect(results()[0]).toContain('The rest could not be kept: ');
  });

  it('is stored as a replay will read it, half character pairs included', async () => {
    const { tool } = noting(() => 'a\ud800b');
    await ask([calling(call('note', {})), 'I see.'], { tools: [tool] }).answer;
    expect(results()).toEqual(['a\ufffdb']);
  });

  it('of JSON is written as JSON', async () => {
    const { tool } = noting(() => ({ a: [1, null] }));
    await ask([calling(call('note', {})), 'I see.'], { tools: [tool] }).answer;
    expect(results()).toEqual(['{"a":[1,null]}']);
  });
});

describe('people', () => {
  it('approve a call that needs it, seeing its arguments', async () => {
    const { tool, calls } = noting(undefined, { requireApproval: true });
    await ask([calling(call('note', { text: 'pay' })), 'Done.'], { tools: [tool] }).answer;
    expect(journal.questions).toEqual([
      {
        key: 'tester/tool/1.1/approval',
        options: { title: 'Tester wants to call note', details: '{\n  "text": "pay"\n}' },
      },
    ]);
    expect(calls).toHaveLength(1);
  });

  it('refuse it, and the model is told', async () => {
    const { tool, calls } = noting(undefined, { requireApproval: true });
    journal.answerWith = () => ({ choice: 'reject', by: 'ann', comment: 'Too dear.' });
    await ask([calling(call('note', {})), 'Then not.'], { tools: [tool] }).answer;
    expect(calls).toHaveLength(0);
    expect(results()).toEqual(['A person refused this call; it was not made. They said: Too dear.']);
  });

  it.each([
    [{ question: 'When?' }, { choice: 'answer', text: 'In May.' }, 'In May.'],
    [{ question: 'When?' }, { choice: 'answer', comment: 'In June.' }, 'In June.'],
    [{ question: 'When?' }, { choice: 'answer' }, 'The person answered without words.'],
    [{ question: 'When?' }, { choice: 'decline', text: 'Ask Bob.' }, 'The person chose: decline.\n\nAsk Bob.'],
    [{ question: 'Which?', choices: ['red', 'blue'] }, { choice: 'blue' }, 'The person chose: blue.'],
  ])('answer a question of an agent: %j with %j', async (input, answer, told) => {
    journal.answerWith = () => ({ by: 'ann', ...answer });
    await ask([calling(call('ask_person', input)), 'Thanks.'], { tools: [askPerson] }).answer;
    expect(results()).toEqual([told]);
    expect(journal.questions).toEqual([
      {
        key: 'tester/tool/1.1/question',
        options: {
          title: 'Tester asks',
          details: input.question,
          choices: 'choices' in input ? input.choices : ['answer', 'decline'],
        },
      },
    ]);
  });
});

describe('colleagues', () => {
  it('do a part of the work as an ask within the ask', async () => {
    const model = scriptedModel({
      tester: [calling(call('ask_member', { member: 'reviewer', message: 'Look at this.' })), 'It is good.'],
      reviewer: 'Good.',
    });
    const { asker, member } = openAsking({ models: { script: model.asProvider() }, tools: [askMember] });
    journal.asker = asker;
    const [tester, reviewer] = [member({ provider: 'script' }), member({ role: 'reviewer', provider: 'script' })];
    journal.squad = [tester, reviewer];
    const answer = await asker.ask(journal.request(tester, 'Do it.'));
    expect(answer.text).toBe('It is good.');
    expect(model.calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
      'execution-1/tester/model/1',
      'execution-1/tester/tool/1.1/model/1',
      'execution-1/tester/model/2',
    ]);
    expect(model.calls[2]?.text).toBe('Good.');
    expect(journal.items.filter(({ change }) => change === 'complete')).toHaveLength(2);
  });

  it('are named when another one is asked', async () => {
    await ask([calling(call('ask_member', { member: 'boss', message: 'Help.' })), 'Alone then.'], {
      tools: [askMember],
    }).answer;
    expect(results()).toEqual(['There is no colleague "boss". You have no colleagues.']);
  });

  it('do not ask each other without end', async () => {
    const other = (role: string | null) => (role === 'tester' ? 'reviewer' : 'tester');
    const model = scriptedModel(({ role }) => calling(call('ask_member', { member: other(role), message: 'You.' })));
    const { asker, member } = openAsking({ models: { script: model.asProvider() }, tools: [askMember] });
    journal.asker = asker;
    const [tester, reviewer] = [member({ provider: 'script' }), member({ role: 'reviewer', provider: 'script' })];
    journal.squad = [tester, reviewer];
    const error = await failureOf(asker.ask(journal.request(tester, 'Do it.')));
    expect(error).toMatchObject({ code: 'DELEGATION_DEPTH', details: { depth: 3, maxDelegationDepth: 3 } });
    expect(model.calls).toHaveLength(4);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SettingOptions } from '../../src/config/settings.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import type { Script } from '../../src/testing/scripted-model.ts';
import type { ScriptedAnswer } from '../../src/testing/scripted-answer.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import { failureOf, openAsking } from './asking.ts';
import { MemoryJournal } from './memory-journal.ts';

let journal: MemoryJournal;
let made: number;

beforeEach(() => {
  journal = new MemoryJournal();
  made = 0;
});

const look = defineTool({
  name: 'look',
  description: 'Looks at a page.',
  input: z.object({ page: z.number() }),
  isReadOnly: true,
  run: ({ page }) => {
    made += 1;
    return `Page ${page}: ${'word '.repeat(page >= 100 ? 400 : 1)}`;
  },
});

const looking = (...pages: number[]): ScriptedAnswer => ({
  toolCalls: pages.map((page) => ({ name: 'look', input: { page } })),
});

function ask(script: Script, settings: SettingOptions = {}, clock?: TestClock) {
  const model = scriptedModel(script, clock === undefined ? {} : { clock });
  const { asker, member } = openAsking({
    models: { script: model.asProvider() },
    tools: [look],
    settings,
    ...(clock === undefined ? {} : { clock }),
  });
  return { model, answer: asker.ask(journal.request(member({ provider: 'script' }), 'Look.')) };
}

const ended = () => journal.items.at(-1);

describe('the limits of an ask', () => {
  it('are model calls: STEP_LIMIT', async () => {
    let page = 0;
    const { model, answer } = ask(() => looking((page += 1)), { maxModelCallsPerAsk: 3 });
    expect(await failureOf(answer)).toMatchObject({
      code: 'STEP_LIMIT',
      message: expect.stringContaining("Tester came to no answer to 'tester' within 3 model calls"),
    });
    expect([model.calls.length, made]).toEqual([3, 3]);
    expect(journal.entries.at(-1)).toMatchObject({ entry: 'failure', key: 'tester/model/4' });
    expect(ended()).toMatchObject({ change: 'fail' });
  });

  it('allow an answer with the last call', async () => {
    const { answer } = ask([looking(1), looking(2), 'Done.'], { maxModelCallsPerAsk: 3 });
    expect((await answer).text).toBe('Done.');
  });

  it('are tool calls: TOOL_CALL_LIMIT, of which none is made that goes over', async () => {
    const { answer } = ask([looking(1, 2, 3), looking(4, 5)], { maxToolCallsPerAsk: 4 });
    expect(await failureOf(answer)).toMatchObject({ code: 'TOOL_CALL_LIMIT', details: { usage: { modelCalls: 1 } } });
    expect(made).toBe(3);
    expect(ended()).toMatchObject({ change: 'fail' });
  });

  it('are not moved by thousands of calls in one answer', async () => {
    const pages = Array.from({ length: 20_000 }, (_, page) => page);
    const error = await failureOf(ask([looking(...pages)]).answer);
    expect(error).toMatchObject({ code: 'TOOL_CALL_LIMIT', details: { maxToolCalls: 200 } });
    expect(made).toBe(0);
    expect(JSON.stringify(journal.entries).length).toBeLessThan(5_000);
  });

  it('are bytes, of arguments too: RESULT_TOO_LARGE', async () => {
    const huge = { toolCalls: [{ name: 'look', input: 'x'.repeat(10 * 1024 * 1024) }] };
    expect(await failureOf(ask([huge]).answer)).toMatchObject({ code: 'RESULT_TOO_LARGE' });
    expect(await failureOf(ask([{ reasoning: 'x'.repeat(10 * 1024 * 1024), text: 'y' }]).answer)).toMatchObject({
      code: 'RESULT_TOO_LARGE',
    });
    expect(JSON.stringify(journal.entries).length).toBeLessThan(20_000);
  });

  it('are calls that are made again and again: REPEATED_CALL', async () => {
    const { model, answer } = ask(() => looking(1), { maxRepeatedCalls: 3 });
    expect(await failureOf(answer)).toMatchObject({
      code: 'REPEATED_CALL',
      message: expect.stringContaining('Tester called look with the same arguments 4 times in a row'),
      details: { tool: 'look', times: 4 },
    });
    expect([model.calls.length, made]).toEqual([4, 3]);
    expect(ended()).toMatchObject({ change: 'fail' });
  });

  it('count only repetitions in a row', async () => {
    const { answer } = ask([looking(1, 1), looking(2), looking(1, 1), 'Done.'], { maxRepeatedCalls: 2 });
    expect((await answer).text).toBe('Done.');
  });

  it('count what cannot be called, too', async () => {
    const unknown = { toolCalls: [{ name: 'nothing', input: {} }] };
    const { answer } = ask(() => unknown, { maxRepeatedCalls: 3 });
    expect(await failureOf(answer)).toMatchObject({ code: 'REPEATED_CALL' });
  });

  it('are time, before a call and within one: ASK_TIMEOUT', async () => {
    journal.elapsedMs = 60_000;
    const before = ask(['Too late.'], { askTimeout: '60s' });
    expect(await failureOf(before.answer)).toMatchObject({ code: 'ASK_TIMEOUT' });
    expect(before.model.calls).toHaveLength(0);

    const clock = new TestClock();
    journal.elapsedMs = 50_000;
    journal.forget('tester/model/1');
    const { answer } = ask([{ text: 'Too late.', latencyMs: 30_000 }], { askTimeout: '60s' }, clock);
    const failure = failureOf(answer);
    await clock.advance(10_000);
    expect(await failure).toMatchObject({ code: 'ASK_TIMEOUT', message: expect.stringContaining("'tester/model/1'") });
    expect(clock.timers).toBe(0);
  });
});

describe('a conversation that grows', () => {
  /** About 2,000 bytes, so 500 tokens a page. */
  const pages = (count: number) => Array.from({ length: count }, (_, page) => looking(100 + page));
  const settings = { contextWindow: 4_000 };
  const summary = 'NOTES: pages 100 to 102 say word.';
  const summing = (answers: readonly ScriptedAnswer[]): Script => {
    const rest = [...answers];
    return ({ prompt }) => {
      const [system] = prompt;
      return typeof system?.content === 'string' && system.content.startsWith('You keep the notes')
        ? summary
        : (rest.shift() ?? 'Done.');
    };
  };

  it('is replaced by notes, which are a step of their own', async () => {
    const { model, answer } = ask(summing(pages(6)), settings);
    expect((await answer).text).toBe('Done.');
    const compactions = journal.entries.filter(({ entry, key }) => entry === 'result' && key.includes('/compact/'));
    expect(compactions.length).toBeGreaterThan(0);
    expect(compactions[0]).toMatchObject({ output: { notes: summary, kept: 1 } });
    const after = model.calls.at(-1)?.prompt;
    expect(JSON.stringify(after?.[1])).toContain('# Your notes of the work so far');
    expect(JSON.stringify(after)).toContain(summary);
    expect(JSON.stringify(after)).not.toContain('Page 100');
    const asked = model.calls.find(({ prompt }) => JSON.stringify(prompt[0]).includes('You keep the notes'));
    expect(asked?.text).toContain('It called look with {"page":100}\nIt got:\nPage 100: word');
  });

  it('goes the same way in a replay, whatever the settings say by then', async () => {
    const first = ask(summing(pages(6)), settings);
    await first.answer;
    const last = first.model.calls.at(-1);
    const key = last?.idempotencyKey?.replace('execution-1/', '') ?? '';
    journal.forget(key);
    for (const other of [settings, { ...settings, compactAt: 0 }, { contextWindow: 1_000_000 }]) {
      const again = ask(() => 'Done.', other);
      await again.answer;
      expect(again.model.calls.map((call) => call.idempotencyKey)).toEqual([last?.idempotencyKey]);
      expect(JSON.stringify(again.model.calls[0]?.prompt)).toBe(JSON.stringify(last?.prompt));
      journal.forget(key);
    }
  });

  it('is not replaced by nothing', async () => {
    const isNotes = (content: unknown) => typeof content === 'string' && content.startsWith('You keep the notes');
    const rest = pages(6);
    const { answer } = ask(
      ({ prompt }) => (isNotes(prompt[0]?.content) ? looking(1) : (rest.shift() ?? 'Done.')),
      settings,
    );
    expect(await failureOf(answer)).toMatchObject({ code: 'MODEL_BROKEN_STREAM' });
    expect(journal.entries.at(-1)).toMatchObject({ key: expect.stringContaining('/compact/') });
  });

  it('fails with CONTEXT_OVERFLOW naming member and step where notes are not wanted', async () => {
    const { answer } = ask(summing(pages(9)), { ...settings, compactAt: 0 });
    expect(await failureOf(answer)).toMatchObject({
      code: 'CONTEXT_OVERFLOW',
      message: expect.stringMatching(/^Tester would read about \d+ tokens at 'tester\/model\/\d'/),
      details: { windowTokens: 4_000 },
    });
    expect(ended()).toMatchObject({ change: 'fail' });
  });

  it('overflows at once when the ask itself is too long', async () => {
    const { model, answer } = ask(['Done.'], { contextWindow: 300 });
    expect(await failureOf(answer)).toMatchObject({ code: 'CONTEXT_OVERFLOW' });
    expect(model.calls).toHaveLength(0);
  });

  it('asks for no longer answers than a small window has room for', async () => {
    const { model, answer } = ask(['Done.'], settings);
    await answer;
    expect(model.calls[0]?.options.maxOutputTokens).toBe(1_000);
  });
});

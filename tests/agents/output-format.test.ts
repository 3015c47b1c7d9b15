import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { outputFormat } from '../../src/agents/output-format.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server/model-server.ts';
import { failureOf, openAsking } from './asking.ts';
import { MemoryJournal } from './memory-journal.ts';

const verdict = z.object({ verdict: z.enum(['accept', 'reject']), reasons: z.array(z.string()).min(1) });
const good = JSON.stringify({ verdict: 'accept', reasons: ['It works.'] });
const bad = JSON.stringify({ verdict: 'perhaps', reasons: [] });

let server: ModelServer;
let journal: MemoryJournal;
/** Answers in the order they are given; the last one stays. */
let answers: string[];

beforeEach(async () => {
  answers = [good];
  journal = new MemoryJournal();
  server = await startModelServer({
    behave: () => ({ text: (answers.length > 1 ? answers.shift() : answers[0]) ?? '', chunks: 3 }),
  });
});
afterEach(() => server[Symbol.asyncDispose]());

function opened() {
  const { asker, member } = openAsking({ url: server.url });
  const tester = member();
  return () => asker.ask(journal.request(tester, 'Is it good?', { schema: verdict }));
}

describe('an ask with a schema', () => {
  it('sends the schema and gives the object back', async () => {
    const answer = await opened()();
    expect(answer.object).toEqual({ verdict: 'accept', reasons: ['It works.'] });
    const body = JSON.parse(server.calls[0]?.body ?? '');
    expect(body.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { name: 'answer', schema: { required: ['verdict', 'reasons'] } },
    });
    expect(body.messages[0].content).toContain('JSON Schema');
  });

  it('takes JSON in a code block', async () => {
    answers = [`\`\`\`json\n${good}\n\`\`\``];
    expect((await opened()()).object).toMatchObject({ verdict: 'accept' });
  });

  it('repairs once, showing the model its answer and the problems, and counts both calls', async () => {
    answers = [bad, good];
    const ask = opened();
    const answer = await ask();
    expect(answer.object).toMatchObject({ verdict: 'accept' });
    expect(answer.usage.modelCalls).toBe(2);
    const { messages } = JSON.parse(server.calls[1]?.body ?? '');
    expect(messages.map((message: { role: string }) => message.role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(messages[2].content).toBe(bad);
    expect(messages[3].content).toMatch(/verdict: .+\n- reasons: /);
    expect(journal.messages.map((message) => message.stepKey)).toEqual(['tester', 'tester/model/1', 'tester/model/2']);
    expect(journal.items.map((item) => item.change)).toEqual(['begin', 'begin', 'complete']);

    expect(await ask()).toEqual(answer);
    expect(server.calls).toHaveLength(2);
  });

  it('fails after the repair, once, with the problems and what both calls cost', async () => {
    answers = [bad];
    journal.attempts = 5;
    const error = await failureOf(opened()());
    expect(error).toMatchObject({ code: 'INVALID_OUTPUT', details: { usage: { modelCalls: 1 } } });
    expect(String(error)).toContain('verdict');
    expect(server.calls).toHaveLength(2);
    expect(journal.items.map((item) => item.change)).toEqual(['begin', 'begin', 'fail']);
  });

  it('tries the repair again, and it alone, when a failed execution is retried', async () => {
    answers = [bad, bad, good];
    const ask = opened();
    await failureOf(ask());
    expect((await ask()).object).toMatchObject({ verdict: 'accept' });
    expect(server.calls.map((call) => call.idempotencyKey)).toEqual(
      ['tester/model/1', 'tester/model/2', 'tester/model/2'].map((key) => `execution-1/${key}`),
    );
  });

  it('says so when an answer that was accepted does not fit the schema any more', async () => {
    const { asker, member } = openAsking({ url: server.url });
    const tester = member();
    await asker.ask(journal.request(tester, 'Is it good?', { schema: verdict }));
    const error = await failureOf(
      asker.ask(journal.request(tester, 'Is it good?', { schema: z.object({ score: z.number() }) })),
    );
    expect(error).toMatchObject({
      code: 'INVALID_OUTPUT',
      message: expect.stringContaining('before the schema changed'),
    });
    expect(server.calls).toHaveLength(1);
  });
});

describe('the format of an answer', () => {
  it('refuses a schema that has to wait for something', () => {
    const format = outputFormat(z.string().refine(async () => true));
    expect(() => format.check('"text"')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('tells schemas apart', () => {
    expect(outputFormat(verdict).hash).not.toBe(outputFormat(z.string()).hash);
    expect(outputFormat(verdict).hash).toBe(outputFormat(verdict).hash);
    expect(outputFormat(undefined).hash).toBeNull();
  });

  it('names at most twenty problems', () => {
    const checked = outputFormat(z.array(z.number())).check(JSON.stringify(Array.from({ length: 100 }, () => 'x')));
    expect(checked.ok ? [] : checked.problems).toHaveLength(20);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ModelBehaviour } from '../../src/testing/model-server/behaviour.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server/model-server.ts';
import type { ReceivedCall } from '../../src/testing/model-server/served-call.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import { failureOf, openAsking } from './asking.ts';
import { MemoryJournal } from './memory-journal.ts';

let server: ModelServer;
let journal: MemoryJournal;
let behave: (call: ReceivedCall) => ModelBehaviour | undefined;
let made: unknown[];

beforeEach(async () => {
  behave = () => undefined;
  server = await startModelServer({ behave: (call) => behave(call) });
  journal = new MemoryJournal();
  made = [];
});
afterEach(() => server[Symbol.asyncDispose]());

const note = defineTool({
  name: 'note',
  description: 'Notes the place of a call.',
  input: z.object({ round: z.number(), place: z.number() }),
  isIdempotent: true,
  run: (input) => {
    made.push(input);
    return { noted: input.place };
  },
});

function ask(message: string, settings = {}) {
  const { asker, member } = openAsking({ url: server.url, tools: [note], settings });
  return asker.ask(journal.request(member(), message));
}

const results = () => journal.messages.filter(({ kind }) => kind === 'tool-result').map(({ text }) => text);

interface SentMessage {
  readonly role: string;
  readonly content: unknown;
  readonly tool_calls?: unknown;
  readonly tool_call_id?: string;
}

/** The messages of a call as they went over the wire. */
function sent(place: number): readonly SentMessage[] {
  const { messages } = JSON.parse(server.calls[place]?.body ?? '') as { messages: SentMessage[] };
  return messages.slice(1);
}

describe('tool calls over HTTP', () => {
  it('are offered, taken side by side, made in order, and answered', async () => {
    const answer = await ask('[[server call=note,note,note]] Note it.');
    expect(answer.text).toContain('You said');
    expect(made).toEqual([1, 2, 3].map((place) => ({ round: 1, place })));
    const { tools } = JSON.parse(server.calls[0]?.body ?? '');
    expect(tools).toEqual([
      { type: 'function', function: { name: 'note', description: note.description, parameters: expect.anything() } },
    ]);
    expect(sent(1).slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [1, 2, 3].map((place) => ({
          id: `call_${place}`,
          type: 'function',
          function: { name: 'note', arguments: `{"round":1,"place":${place}}` },
        })),
      },
      ...[1, 2, 3].map((place) => ({ role: 'tool', tool_call_id: `call_${place}`, content: `{"noted":${place}}` })),
    ]);
    expect(answer.usage).toMatchObject({ modelCalls: 2, estimatedCalls: 0 });
  });

  it('go on for as many rounds as the model wants', async () => {
    await ask('[[server call=note rounds=3]] Note it.');
    expect(made).toEqual([1, 2, 3].map((round) => ({ round, place: 1 })));
    expect(server.calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual(
      [1, 2, 3, 4].map((turn) => `execution-1/tester/model/${turn}`),
    );
  });

  it('are tried again with the same bytes, results included', async () => {
    journal.attempts = 3;
    behave = ({ body, attempt }) => (body.includes('"role":"tool"') && attempt < 3 ? { status: 503 } : undefined);
    await ask('[[server call=note]] Note it.');
    expect(server.calls).toHaveLength(4);
    expect(new Set(server.calls.slice(1).map(({ body }) => body)).size).toBe(1);
    expect(made).toHaveLength(1);
  });

  it.each(['cut=socket', 'cut=clean', 'broken=true', 'streamError=overloaded'])(
    'are not made from half an answer: %s',
    async (directive) => {
      const error = await failureOf(ask(`[[server call=note,note ${directive}]] Note it.`));
      expect(error).toMatchObject({ code: 'MODEL_BROKEN_STREAM' });
      expect(made).toEqual([]);
    },
  );

  it.each(['stop', 'tool_calls'])('are taken with the finish reason %s', async (finishReason) => {
    behave = ({ body }) => (body.includes('"role":"tool"') ? undefined : { call: 'note', finishReason });
    await ask('Note it.');
    expect(made).toHaveLength(1);
  });

  it('are no answer when the provider says that it was cut short', async () => {
    expect(await failureOf(ask('[[server call=note finishReason=length]] Note it.'))).toMatchObject({
      code: 'MODEL_LENGTH',
    });
    expect(made).toEqual([]);
  });

  it('are counted from what was said when the provider does not count', async () => {
    const { usage } = await ask('[[server call=note usage=false]] Note it.');
    expect(usage).toMatchObject({ modelCalls: 2, estimatedCalls: 2 });
    expect(usage.outputTokens).toBeGreaterThan(0);
  });

  it('of an unknown tool or with bad arguments are answered with what was wrong', async () => {
    behave = ({ body }) =>
      body.includes('"role":"tool"')
        ? undefined
        : {
            toolCalls: [
              { name: 'rm -rf /', arguments: '{}' },
              { name: 'note', arguments: '{"round": 1' },
              { name: 'note', arguments: '{"round": "one"}' },
              { name: 'note', arguments: '"text"' },
              { name: 'note', arguments: '{"round": 1, "place": 5}' },
            ],
          };
    await ask('Note it.');
    expect(results()).toEqual([
      'There is no tool "rm -rf /". The tools are: note.',
      expect.stringMatching(/^The arguments are not JSON: /),
      expect.stringMatching(/^The arguments of note do not fit: round: /),
      'The arguments are not a JSON object.',
      '{"noted":5}',
    ]);
    const [, assistant] = sent(1);
    expect(assistant?.tool_calls).toMatchObject([
      { function: { name: 'unknown_tool', arguments: '{}' } },
      { function: { name: 'note', arguments: '{}' } },
      { function: { name: 'note', arguments: '{"round":"one"}' } },
      { function: { name: 'note', arguments: '{}' } },
      { function: { name: 'note' } },
    ]);
  });

  it('may be thousands: the answer is dropped, and the connection with it', async () => {
    behave = () => ({ toolCalls: Array.from({ length: 5_000 }, () => ({ name: 'note', arguments: '{}' })) });
    expect(await failureOf(ask('Note it.'))).toMatchObject({ code: 'TOOL_CALL_LIMIT' });
    expect(made).toEqual([]);
    expect(JSON.stringify(journal.entries).length).toBeLessThan(5_000);
  });

  it('may have ten megabytes of arguments', async () => {
    behave = () => ({ toolCalls: [{ name: 'note', arguments: `{"round":"${'x'.repeat(10 * 1024 * 1024)}"}` }] });
    expect(await failureOf(ask('Note it.'))).toMatchObject({ code: 'RESULT_TOO_LARGE' });
    expect(made).toEqual([]);
  });

  it('may come with two megabytes of text', async () => {
    behave = ({ body }) =>
      body.includes('"role":"tool"')
        ? { text: 'Done.' }
        : { call: 'note', text: 'x'.repeat(2 * 1024 * 1024), chunks: 3 };
    expect((await ask('Note it.', { contextWindow: 10_000_000 })).text).toBe('Done.');
    expect(journal.messages.find(({ kind }) => kind === 'remark')?.text).toHaveLength(2 * 1024 * 1024);
  });
});

describe('a conversation that the provider finds too long', () => {
  it.each([
    [400, 'context_length_exceeded', "This model's maximum context length is 8192 tokens."],
    [400, null, 'prompt is too long: 250000 tokens > 200000 maximum'],
  ])('is CONTEXT_OVERFLOW naming member and step: %i %s', async (status, errorCode, errorMessage) => {
    behave = () => ({ status, errorMessage, ...(errorCode === null ? {} : { errorCode }) });
    expect(await failureOf(ask('Hello.'))).toMatchObject({
      code: 'CONTEXT_OVERFLOW',
      message: expect.stringMatching(/cannot read that much at once: .*\(Tester, at 'tester\/model\/1'\)$/),
    });
  });
});

import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { runToEnd } from '../../src/testing/run-to-end.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import type { Script } from '../../src/testing/scripted-model.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';

const squads = [{ name: 'team', members: [{ role: 'tester' }] }];
const ask = defineWorkflow({
  name: 'ask',
  run: async ({ squad }) => (await squad.ask('tester', 'Test it.')).text,
});
const asked = (answers: Script) => runToEnd(ask, {}, { squads, squad: 'team', answers });

const options: LanguageModelV4CallOptions = {
  prompt: [
    { role: 'system', content: 'Role: tester\nName: Tess' },
    { role: 'user', content: [{ type: 'text', text: 'Test it.' }] },
  ],
  headers: { 'Idempotency-Key': 'x/tester/model/1' },
};

async function partsOf(script: Script): Promise<LanguageModelV4StreamPart[]> {
  const { stream } = await scriptedModel(script).doStream(options);
  const parts: LanguageModelV4StreamPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

describe('a scripted model', () => {
  it('streams text in pieces, reasoning and tool calls, and counts what it was not told', async () => {
    const parts = await partsOf([
      {
        text: 'abcdef',
        reasoning: 'hm',
        toolCalls: [
          { name: 'read', input: { path: 'a' } },
          { name: 'list', input: '{broken', id: 'own' },
        ],
        chunks: 3,
      },
    ]);
    const deltas = parts.flatMap((part) => (part.type === 'text-delta' ? [part.delta] : []));
    expect(deltas).toEqual(['ab', 'cd', 'ef']);
    expect(parts.filter(({ type }) => type === 'tool-call')).toEqual([
      { type: 'tool-call', toolCallId: 'call-1', toolName: 'read', input: '{"path":"a"}' },
      { type: 'tool-call', toolCallId: 'own', toolName: 'list', input: '{broken' },
    ]);
    expect(parts.at(-1)).toMatchObject({
      type: 'finish',
      finishReason: { unified: 'tool-calls' },
      usage: { inputTokens: { total: expect.any(Number) }, outputTokens: { total: expect.any(Number) } },
    });
  });

  it('reports usage as told, or none', async () => {
    const usage = { inputTokens: 10, outputTokens: 7, cachedTokens: 4, reasoningTokens: 2 };
    expect((await partsOf([{ text: 'x', usage }])).at(-1)).toMatchObject({
      usage: {
        inputTokens: { total: 10, noCache: 6, cacheRead: 4 },
        outputTokens: { total: 7, text: 5, reasoning: 2 },
      },
    });
    const none = await asked([{ text: 'x', usage: null }]);
    expect(none.execution.usage).toMatchObject({ modelCalls: 1, estimatedCalls: 1 });
    const told = await asked([{ text: 'x', usage }]);
    expect(told.execution.usage).toMatchObject({ ...usage, modelCalls: 1, estimatedCalls: 0 });
  });

  it('fails as providers do, and is asked again as they are', async () => {
    const { outcome, calls, durationMs } = await asked([
      { fail: { status: 429, retryAfterMs: 5_000 } },
      { text: 'half of it', fail: 'cut' },
      { text: 'half of it', fail: 'hang' },
      { fail: new TypeError('fetch failed') },
      { text: 'done', latencyMs: 2_000 },
    ]);
    expect(outcome).toEqual({ status: 'completed', output: 'done' });
    expect(calls.map(({ number, role }) => [number, role])).toEqual(
      [1, 2, 3, 4, 5].map((number) => [number, 'tester']),
    );
    expect(new Set(calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    // The pause that was asked for, the limit between two signs of life, and the latency.
    expect(durationMs).toBeGreaterThan(5_000 + 60_000 + 2_000);
  });

  it('answers by list, by function and by role, and ends the ask when there is nothing left', async () => {
    expect((await asked(({ role, text }) => `${role} was told: ${text}`)).outcome).toMatchObject({
      output: 'tester was told: Test it.',
    });
    expect((await asked({ tester: ['first'] })).outcome).toMatchObject({ output: 'first' });
    for (const script of [[], { tester: [] }, { reviewer: 'x' }]) {
      const { outcome, calls } = await asked(script);
      expect(outcome).toMatchObject({ status: 'failed', error: { code: 'MODEL_REJECTED' } });
      expect(calls).toHaveLength(1);
    }
  });

  it('ends an answer as told: cut short by its length or a filter', async () => {
    expect((await asked([{ text: 'x', finishReason: 'length' }])).outcome).toMatchObject({
      error: { code: 'MODEL_LENGTH' },
    });
    expect((await asked([{ text: 'x', finishReason: 'content-filter' }])).outcome).toMatchObject({
      error: { code: 'MODEL_CONTENT_FILTER' },
    });
  });
});

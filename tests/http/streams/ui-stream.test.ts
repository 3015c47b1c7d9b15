import { DefaultChatTransport, readUIMessageStream } from 'ai';
import type { UIMessage, UIMessageChunk } from 'ai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';
import type { Script } from '../../../src/testing/scripted-model.ts';
import { defineTool } from '../../../src/workflows/tool.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const both = defineWorkflow({
  name: 'both',
  run: async ({ squad, step }) => {
    const [tested, built] = await Promise.all([
      squad.ask('tester', 'Test it'),
      squad.ask('backend_developer', 'Build it'),
    ]);
    await step.approve('release', { title: 'Go ahead?', choices: ['yes', 'no'] });
    const last = await squad.ask('tester', 'Once more', { name: 'again' });
    return [tested.text, built.text, last.text];
  },
});
const weigh = defineTool({
  name: 'weigh',
  description: 'Weighs a thing',
  input: z.object({ thing: z.string() }),
  isReadOnly: true,
  run: ({ thing }) => `${thing}: 3 kg`,
});
const weighing = defineWorkflow({
  name: 'weighing',
  run: ({ squad }) => squad.ask('tester', 'Weigh it', { tools: [weigh] }).then(({ text }) => text),
});

function openWith(script: Script): Promise<TestServer> {
  const models = { offline: scriptedModel(script).asProvider() };
  return openTestServer({ workflows: [both, weighing], models, tools: [weigh] }, { random: () => 0 });
}

/** Reads as `useChat` does: the SDK's transport checks each chunk, its reader makes the message. */
async function readChat(server: TestServer, id: string, onChunk: (chunk: UIMessageChunk) => void = () => {}) {
  const transport = new DefaultChatTransport({
    prepareReconnectToStreamRequest: () => ({ api: `${server.url}/api/v1/executions/${id}/ui-stream` }),
  });
  const stream = await transport.reconnectToStream({ chatId: 'chat' });
  if (stream === null) throw new Error('There is always a stream.');
  const chunks: UIMessageChunk[] = [];
  const watched = stream.pipeThrough(
    new TransformStream<UIMessageChunk, UIMessageChunk>({
      transform: (chunk, controller) => {
        chunks.push(chunk);
        onChunk(chunk);
        controller.enqueue(chunk);
      },
    }),
  );
  const errors: unknown[] = [];
  let message: UIMessage | null = null;
  const onError = (error: unknown): void => void errors.push(error);
  for await (const snapshot of readUIMessageStream({ stream: watched, onError })) message = snapshot;
  if (message === null) throw new Error('The stream had no message.');
  return { message, chunks, errors };
}

/** What each member said, as who shows the message has it. */
function said({ parts }: UIMessage): unknown[] {
  return parts.flatMap((part) =>
    part.type === 'text' ? [[part.providerMetadata?.['squadra']?.['role'], part.text, part.state]] : [],
  );
}

async function submit(server: TestServer, workflow: string): Promise<string> {
  const { body } = await server.ask('/executions', { body: { workflow, squad: 'software', input: {} } });
  return (body as { id: string }).id;
}

describe('GET /executions/{id}/ui-stream', () => {
  it('tells what each member says as it says it; what a failed attempt said is taken back', async () => {
    const [watched, half, built] = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ];
    let tests = 0;
    await using server = await openWith(async ({ role }) => {
      await watched.promise;
      if (role === 'backend_developer') {
        await half.promise;
        return 'Built well.';
      }
      tests++;
      if (tests === 1) return { text: 'Half of this is lost', fail: 'cut' };
      if (tests === 2) {
        await built.promise;
        return 'Tested well.';
      }
      return 'Tested again.';
    });
    const id = await submit(server, 'both');
    let heard = '';
    let approved = false;
    const { message, chunks, errors } = await readChat(server, id, (chunk) => {
      // Stored events come first; once they have come, what is said is heard.
      if (chunk.type === 'message-metadata') watched.resolve();
      if (chunk.type === 'data-approval' && !approved) void approve();
      if (chunk.type !== 'text-delta') return;
      heard += chunk.delta;
      if (heard.includes('Half')) half.resolve();
      if (heard.includes('Built well.')) built.resolve();
    });
    async function approve(): Promise<void> {
      approved = true;
      await server.assembly.squadra.run(id).approve('release', { choice: 'yes' });
    }
    expect(errors).toEqual([]);
    expect(heard).toContain('Half');
    expect(chunks.some(({ type }) => type === 'reset-step')).toBe(true);
    expect(said(message).map(String).toSorted()).toEqual([
      'backend_developer,Built well.,done',
      'tester,Tested again.,done',
      'tester,Tested well.,done',
    ]);
    expect(message.id).toBe(id);
    expect(message.metadata).toMatchObject({ executionId: id, workflow: 'both', status: 'completed' });
    expect(message.parts.filter(({ type }) => type === 'data-approval')).toMatchObject([
      { id: 'release', data: { title: 'Go ahead?', status: 'completed', answer: { choice: 'yes' } } },
    ]);
    expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' });
  });

  it('tells an execution that has ended from its beginning, the same to everyone', async () => {
    await using server = await openWith({
      tester: [{ text: 'I will see.', toolCalls: [{ name: 'weigh', input: { thing: 'The box' } }] }, 'It weighs 3 kg.'],
    });
    const id = await submit(server, 'weighing');
    await server.assembly.squadra.run(id).result();
    const { message, chunks } = await readChat(server, id);
    expect(said(message)).toEqual([
      ['tester', 'I will see.', 'done'],
      ['tester', 'It weighs 3 kg.', 'done'],
    ]);
    expect(message.parts.filter(({ type }) => type === 'dynamic-tool')).toMatchObject([
      { toolName: 'weigh', input: { thing: 'The box' }, output: 'The box: 3 kg', state: 'output-available' },
    ]);
    expect(await readChat(server, id)).toEqual({ message, chunks, errors: [] });
    const { headers, text } = await server.ask(`/executions/${id}/ui-stream`);
    expect(headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
    expect(text).toMatch(/data: \{"type":"finish"[^\n]*\}\n\ndata: \[DONE\]\n\n$/);
  });

  it('says why an execution failed, and takes back what was said in vain', async () => {
    await using server = await openWith({
      tester: { text: 'Not all of it', fail: { status: 401, message: 'The key is wrong' } },
    });
    const id = await submit(server, 'weighing');
    const { message, chunks, errors } = await readChat(server, id);
    expect(said(message)).toEqual([]);
    expect(errors).toHaveLength(1);
    expect(chunks.slice(-2)).toMatchObject([
      { type: 'error', errorText: expect.stringContaining('The key is wrong') },
      { type: 'finish', finishReason: 'error' },
    ]);
  });

  it('knows no execution of nobody', async () => {
    await using server = await openWith([]);
    expect((await server.ask('/executions/01980000-0000-7000-8000-000000000000/ui-stream')).status).toBe(404);
    const id = await submit(server, 'weighing');
    expect((await server.ask(`/executions/${id}/ui-stream?after=1`)).status).toBe(400);
  });
});

/**
 * A server that speaks OpenAI's streaming chat completions, in process or by itself:
 *
 *     node tests/support/model-server.ts --port 0 --log calls.jsonl     prints "listening <port>"
 *
 * S1  A call is logged as `received` before anything is answered, and as `completed` or `aborted` exactly once after.
 * S2  A log line is in the file before the next byte leaves: whatever a caller has seen is in the log.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ModelBehaviour, readDirective } from './model-behaviour.ts';

export type CallPhase = 'received' | 'completed' | 'aborted';

/** One line of the log. */
export interface CallLogLine {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly idempotencyKey: string | null;
  readonly phase: CallPhase;
  /** 1 for the first call with this key. */
  readonly attempt: number;
}

/** A call as the server saw it. */
export interface ReceivedCall {
  readonly idempotencyKey: string | null;
  readonly attempt: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, byte for byte. */
  readonly body: string;
}

export interface ModelServerOptions {
  readonly port?: number;
  /** Appends one JSON line per event to this file. */
  readonly logFile?: string;
  /** For calls whose message asks for nothing. */
  readonly defaults?: ModelBehaviour;
  /** Decides before the message does. */
  readonly behave?: (call: ReceivedCall) => ModelBehaviour | undefined;
  /** Keeps calls for inspection; off for long runs. */
  readonly keepCalls?: boolean;
}

export interface ModelServer extends AsyncDisposable {
  readonly port: number;
  /** What to set `OPENAI_BASE_URL` to. */
  readonly url: string;
  readonly calls: readonly ReceivedCall[];
  /** Connections opened so far. */
  readonly connections: number;
  /** Resolves once that many calls have reached a phase. */
  reached(phase: CallPhase, count?: number): Promise<void>;
}

/** Starts a server on the loopback address; disposing it closes all connections. */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const log = new CallLog(options.logFile);
  const attempts = new Map<string, number>();
  const calls: ReceivedCall[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const take = async (call: ReceivedCall): Promise<void> => {
      if (options.keepCalls !== false) calls.push(call);
      log.write(call, 'received');
      const served = new ServedCall(call, response, log);
      await answer(request, served, behaviourOf(call, options));
    };
    // A caller that is killed while it sends has made no call.
    readCall(request, attempts)
      .then(take)
      .catch(() => response.destroy());
  });
  server.on('connection', () => (connections += 1));
  // A connection closed by the server between two calls is a network error of its own; here only behaviours cause errors.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/v1`,
    calls,
    get connections() {
      return connections;
    },
    reached: (phase, count = 1) => log.reached(phase, count),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      log.close();
    },
  };
}

/** A call that is being answered. */
class ServedCall {
  readonly call: ReceivedCall;
  readonly response: ServerResponse;
  readonly #log: CallLog;
  #over = false;

  constructor(call: ReceivedCall, response: ServerResponse, log: CallLog) {
    this.call = call;
    this.response = response;
    this.#log = log;
    response.once('close', () => this.#end('aborted'));
  }

  /** Logs first: whoever has seen the end of an answer finds it in the log. */
  complete(lastBytes: string): void {
    this.#end('completed');
    this.response.end(lastBytes);
  }

  #end(phase: CallPhase): void {
    if (this.#over) return;
    this.#over = true;
    this.#log.write(this.call, phase);
  }
}

/** Writes the log and tells who waits for it. */
class CallLog {
  readonly #file: number | null;
  readonly #counts: Record<CallPhase, number> = { received: 0, completed: 0, aborted: 0 };
  readonly #waiting: { readonly phase: CallPhase; readonly count: number; readonly resolve: () => void }[] = [];

  constructor(path: string | undefined) {
    this.#file = path === undefined ? null : openSync(path, 'a');
  }

  write({ idempotencyKey, attempt }: ReceivedCall, phase: CallPhase): void {
    const line: CallLogLine = { at: Date.now(), idempotencyKey, phase, attempt };
    if (this.#file !== null) writeSync(this.#file, `${JSON.stringify(line)}\n`);
    this.#counts[phase] += 1;
    for (const waiter of this.#waiting) if (this.#counts[waiter.phase] >= waiter.count) waiter.resolve();
  }

  reached(phase: CallPhase, count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#counts[phase] >= count) resolve();
      else this.#waiting.push({ phase, count, resolve });
    });
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}

async function readCall(request: IncomingMessage, attempts: Map<string, number>): Promise<ReceivedCall> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const header = request.headers['idempotency-key'];
  const idempotencyKey = typeof header === 'string' ? header : null;
  const attempt = (attempts.get(idempotencyKey ?? '') ?? 0) + 1;
  attempts.set(idempotencyKey ?? '', attempt);
  return { idempotencyKey, attempt, headers: request.headers, body: Buffer.concat(parts).toString() };
}

function behaviourOf(call: ReceivedCall, { behave, defaults = {} }: ModelServerOptions): ModelBehaviour {
  const asked = behave?.(call) ?? readDirective(lastUserMessage(call)) ?? {};
  const applies = asked.times === undefined || call.attempt <= asked.times;
  return applies ? { ...defaults, ...asked } : defaults;
}

function lastUserMessage({ body }: ReceivedCall): string {
  try {
    const { messages } = JSON.parse(body) as { messages: { role: string; content: unknown }[] };
    const content = messages.findLast((message) => message.role === 'user')?.content;
    return typeof content === 'string' ? content : JSON.stringify(content ?? '');
  } catch {
    return '';
  }
}

async function answer(request: IncomingMessage, served: ServedCall, behaviour: ModelBehaviour): Promise<void> {
  if (behaviour.latencyMs !== undefined) await pause(behaviour.latencyMs);
  if (behaviour.hang === 'before') return;
  const found = request.method === 'POST' && request.url?.endsWith('/chat/completions') === true;
  if (!found) refuse(served, { status: 404, errorMessage: `There is nothing at ${request.url}.` });
  else if ((behaviour.status ?? 200) === 200) await stream(served, behaviour);
  else refuse(served, behaviour);
}

function refuse(served: ServedCall, { status = 500, errorCode, errorMessage, retryAfter }: ModelBehaviour): void {
  const message = errorMessage ?? `The server was told to answer ${status}.`;
  const error = { message, type: 'test_error', param: null, code: errorCode ?? null };
  served.response.writeHead(status, { 'content-type': 'application/json', ...retryHeaders(retryAfter) });
  served.complete(JSON.stringify({ error }));
}

function retryHeaders(retryAfter: string | undefined): Record<string, string> {
  if (retryAfter === undefined) return {};
  return retryAfter.endsWith('ms') ? { 'retry-after-ms': retryAfter.slice(0, -2) } : { 'retry-after': retryAfter };
}

async function stream(served: ServedCall, behaviour: ModelBehaviour): Promise<void> {
  const { call, response } = served;
  const text =
    behaviour.text ?? `You said: ${lastUserMessage(call).slice(0, 200)}\n${'All of it was read. '.repeat(20)}`;
  const chunks = behaviour.chunks ?? 20;
  const width = Math.ceil(text.length / chunks);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let index = 0; index < chunks; index += 1) {
    if (index === Math.floor(chunks / 2) && misbehave(served, behaviour)) return;
    if (behaviour.paceMs !== undefined) await pause(behaviour.paceMs);
    if (response.destroyed) return;
    const content = text.slice(index * width, (index + 1) * width);
    send(response, { choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] });
  }
  send(response, { choices: [{ index: 0, delta: {}, finish_reason: behaviour.finishReason ?? 'stop' }] });
  if (behaviour.usage !== false) send(response, { choices: [], usage: usageOf(call, text) });
  served.complete('data: [DONE]\n\n');
}

/** Does in the middle of a stream what was asked for; true when the answer ends there. */
function misbehave(served: ServedCall, { hang, cut, broken, streamError }: ModelBehaviour): boolean {
  const { response } = served;
  if (broken === true) response.write('data: {"choices": [{"delta": \n\n');
  if (streamError !== undefined) response.write(`data: ${JSON.stringify({ error: { message: streamError } })}\n\n`);
  if (cut === 'clean') served.complete('');
  // Only after what was written has left, so that the caller sees half an answer and not none.
  if (cut === 'socket') response.write(': cut\n\n', () => response.destroy());
  return hang === 'inside' || cut !== undefined;
}

function send(response: ServerResponse, chunk: object): void {
  response.write(
    `data: ${JSON.stringify({ id: 'chatcmpl-test', object: 'chat.completion.chunk', created: 1, model: 'test-model', ...chunk })}\n\n`,
  );
}

function usageOf(call: ReceivedCall, text: string): object {
  const prompt = Math.ceil(call.body.length / 4);
  const completion = Math.ceil(text.length / 4);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: Math.floor(prompt / 2) },
    completion_tokens_details: { reasoning_tokens: Math.floor(completion / 4) },
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      log: { type: 'string' },
      latency: { type: 'string', default: '0' },
      pace: { type: 'string', default: '0' },
      chunks: { type: 'string', default: '20' },
    },
  });
  const server = await startModelServer({
    port: Number(values.port),
    ...(values.log === undefined ? {} : { logFile: values.log }),
    defaults: {
      chunks: Number(values.chunks),
      ...(values.latency === '0' ? {} : { latencyMs: Number(values.latency) }),
      ...(values.pace === '0' ? {} : { paceMs: Number(values.pace) }),
    },
    keepCalls: false,
  });
  console.log(`listening ${server.port}`);
}

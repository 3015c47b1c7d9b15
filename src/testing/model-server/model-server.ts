/**
 * A server that speaks OpenAI's streaming chat completions and Anthropic's messages, in process or by itself (`main.ts`).
 *
 * S1  A call is logged as `received` before anything is answered, and as `completed` or `aborted` exactly once after.
 * S2  A log line is in the file before the next byte leaves: whatever a caller has seen is in the log.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ModelBehaviour, readDirective } from './behaviour.ts';
import { answerOf, lastUserMessage, tokensOf } from './asked.ts';
import { refuse, stream } from './chat-completions.ts';
import { refuseMessages, streamMessages } from './messages.ts';
import { machineTime } from './server-limits.ts';
import type { LimitKeeper } from './server-limits.ts';
import { CallLog, type CallPhase, type ReceivedCall, ServedCall } from './served-call.ts';

export interface ModelServerOptions {
  readonly port?: number;
  /** Appends one JSON line per event to this file. */
  readonly logFile?: string;
  /** For calls whose message asks for nothing. */
  readonly defaults?: ModelBehaviour;
  /** Decides before the message does. */
  readonly behave?: (call: ReceivedCall) => ModelBehaviour | undefined;
  /** What it bears; more is answered 429. The time that passes before an answer passes on its clock. */
  readonly limits?: LimitKeeper;
  /** Keeps calls for inspection; off for long runs. */
  readonly keepCalls?: boolean;
}

export interface ModelServer extends AsyncDisposable {
  readonly port: number;
  /** What to set `OPENAI_BASE_URL` or `ANTHROPIC_BASE_URL` to. */
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
      await answer(request, served, behaviourOf(call, options), options.limits);
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

async function readCall(request: IncomingMessage, attempts: Map<string, number>): Promise<ReceivedCall> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const header = request.headers['idempotency-key'];
  const idempotencyKey = typeof header === 'string' ? header : null;
  const attempt = (attempts.get(idempotencyKey ?? '') ?? 0) + 1;
  attempts.set(idempotencyKey ?? '', attempt);
  const path = request.url ?? '';
  return { path, idempotencyKey, attempt, headers: request.headers, body: Buffer.concat(parts).toString() };
}

function behaviourOf(call: ReceivedCall, { behave, defaults = {} }: ModelServerOptions): ModelBehaviour {
  const asked = behave?.(call) ?? readDirective(lastUserMessage(call)) ?? {};
  const applies = asked.times === undefined || call.attempt <= asked.times;
  return applies ? { ...defaults, ...asked } : defaults;
}

async function answer(
  request: IncomingMessage,
  served: ServedCall,
  behaviour: ModelBehaviour,
  limits: LimitKeeper | undefined,
): Promise<void> {
  const { call } = served;
  const [refused, streamed] = call.path.endsWith('/messages') ? [refuseMessages, streamMessages] : [refuse, stream];
  if (limits !== undefined && !limits.admit(served.response, tokensAsked(call, behaviour))) {
    refused(served, { status: 429, errorCode: 'rate_limit_exceeded', errorMessage: 'That is too much at once.' });
    return;
  }
  const clock = limits?.clock ?? machineTime;
  if (behaviour.latencyMs !== undefined) await clock.pause(behaviour.latencyMs * (limits?.slowness ?? 1));
  if (behaviour.hang === 'before') return;
  const found = request.method === 'POST' && /\/(?:chat\/completions|messages)$/.test(call.path);
  if (!found) refused(served, { status: 404, errorMessage: `There is nothing at ${call.path}.` });
  else if ((behaviour.status ?? 200) === 200) await streamed(served, behaviour);
  else refused(served, behaviour);
}

function tokensAsked(call: ReceivedCall, behaviour: ModelBehaviour): number {
  const { input, output } = tokensOf(call, answerOf(call, behaviour, false), []);
  return input + output;
}

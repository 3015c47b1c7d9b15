import { type JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** One answer; what a started server may send at once, too. */
const maxAnswerBytes = 10 * 1024 * 1024;
/** In the range that JSON-RPC leaves to implementations. */
const brokenOffCode = -32_099;

type SendOptions = Parameters<StreamableHTTPClientTransport['send']>[1];

/** Whether the server's answer broke off, as told by `RemoteServer`. */
export function isBrokenOff(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === brokenOffCode;
}

/**
 * The client's transport over HTTP, except that a call whose answer breaks off and cannot be resumed fails at once, instead
 * of waiting for its time to run out; and that no answer is longer than anybody would read.
 */
export class RemoteServer extends StreamableHTTPClientTransport {
  constructor(url: string, headers: Readonly<Record<string, string>>) {
    super(new URL(url), {
      requestInit: { headers },
      fetch: boundedFetch,
      // A second and a half for a network that blinks; a server that restarts has forgotten the call anyway.
      reconnectionOptions: {
        initialReconnectionDelay: 500,
        maxReconnectionDelay: 5_000,
        reconnectionDelayGrowFactor: 2,
        maxRetries: 2,
      },
    });
  }

  override send(message: JSONRPCMessage, options?: SendOptions): Promise<void> {
    if (!('id' in message) || !('method' in message)) return super.send(message, options);
    const { id } = message;
    const onRequestStreamEnd = (): void => {
      options?.onRequestStreamEnd?.();
      // After a whole answer nobody waits for this one any more.
      this.onmessage?.({ jsonrpc: '2.0', id, error: { code: brokenOffCode, message: 'The answer broke off.' } });
    };
    return super.send(message, { ...options, onRequestStreamEnd });
  }
}

async function boundedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  // What is got is the stream of notifications, which has no end.
  if (init?.method !== 'POST' || response.body === null) return response;
  let bytes = 0;
  const bound = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) controller.error(new Error(`The answer has more than ${maxAnswerBytes} bytes.`));
      else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(bound), { status, statusText, headers });
}

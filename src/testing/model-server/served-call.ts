import { closeSync, openSync, writeSync } from 'node:fs';
import type { ServerResponse } from 'node:http';

/** How far a call has come, as the server sees it. `refused`: it was told to come again (429), and nothing was made of it. */
export type CallPhase = 'received' | 'completed' | 'refused' | 'aborted';

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
  readonly path: string;
  readonly idempotencyKey: string | null;
  readonly attempt: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, byte for byte. */
  readonly body: string;
}

/** A call that is being answered. */
export class ServedCall {
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
    this.#end(this.response.statusCode === 429 ? 'refused' : 'completed');
    this.response.end(lastBytes);
  }

  #end(phase: CallPhase): void {
    if (this.#over) return;
    this.#over = true;
    this.#log.write(this.call, phase);
  }
}

/** What a refused caller is told about when to come again. */
export function retryHeaders(retryAfter: string | undefined): Record<string, string> {
  if (retryAfter === undefined) return {};
  return retryAfter.endsWith('ms') ? { 'retry-after-ms': retryAfter.slice(0, -2) } : { 'retry-after': retryAfter };
}

/** Writes the log and tells who waits for it. */
export class CallLog {
  readonly #file: number | null;
  readonly #counts: Record<CallPhase, number> = { received: 0, completed: 0, refused: 0, aborted: 0 };
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

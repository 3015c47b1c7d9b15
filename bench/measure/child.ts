import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

/** A measured process: its memory is its own, and it can be killed. */
export class Child<M extends { readonly kind: string }> implements AsyncDisposable {
  readonly startedAt: number;
  readonly #process: ChildProcess;
  readonly #messages: { readonly message: M; readonly at: number }[] = [];
  #notify: () => void = () => {};
  #exit: string | null = null;

  /** Starts `bench/<name>.ts` with an argument. */
  constructor(name: string, argument: unknown, execArgv: readonly string[] = []) {
    this.startedAt = performance.now();
    const file = fileURLToPath(new URL(`../${name}.ts`, import.meta.url));
    this.#process = fork(file, [JSON.stringify(argument)], {
      execArgv: [...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', (message) => {
      // The file that was started says what it sends.
      this.#messages.push({ message: message as M, at: performance.now() });
      this.#notify();
    });
    this.#process.on('exit', (code, signal) => {
      this.#exit = `exit ${code ?? signal}`;
      this.#notify();
    });
  }

  /** The next message and when it came. Throws when the process ends without one. */
  async any(): Promise<{ readonly message: M; readonly at: number }> {
    for (;;) {
      const next = this.#messages.shift();
      if (next !== undefined) return next;
      if (this.#exit !== null) throw new Error(`The measured process ended (${this.#exit}) before it was done.`);
      await new Promise<void>((resolve) => (this.#notify = resolve));
    }
  }

  /** The next message of a kind; others are dropped. */
  async next<K extends M['kind']>(kind: K): Promise<Extract<M, { kind: K }>> {
    for (;;) {
      const { message } = await this.any();
      if (message.kind === kind) return message as Extract<M, { kind: K }>;
    }
  }

  /** It gets a processor before the others: what it stands for is another machine. Without the right to that it takes its turn. */
  comeFirst(): void {
    try {
      if (this.#process.pid !== undefined) setPriority(this.#process.pid, constants.priority.PRIORITY_HIGHEST);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR')) throw error;
    }
  }

  /** Tells it something; `orders` in the child's file takes it. */
  send(order: { readonly kind: string }): void {
    this.#process.send(order);
  }

  /** Resolves when it has ended by itself. */
  async exited(): Promise<void> {
    if (this.#exit === null) await once(this.#process, 'exit');
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    if (this.#exit !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** The argument a child was started with. */
export function childArgument<A>(): A {
  // Encoded by the scenario that starts this file.
  return JSON.parse(process.argv[2] ?? 'null') as A;
}

/** Tells the parent something. */
export function tell<M extends { readonly kind: string }>(message: M): void {
  process.send?.(message);
}

/** Does what the parent sends, one order after the other, until `act` returns true; then the process may end. */
export function takeOrders<O extends { readonly kind: string }>(act: (order: O) => Promise<boolean>): void {
  let last: Promise<unknown> = Promise.resolve();
  process.on('message', (message) => {
    // The scenario that started this file says what it sends.
    last = last.then(async () => {
      if (await act(message as O)) process.disconnect();
    });
  });
}

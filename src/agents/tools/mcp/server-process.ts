/**
 * An MCP server as a process of ours, spoken to over its standard input and output.
 *
 * The client's own transport starts the server in our process group and knows the process that it started, not those that
 * one started: `npx` starts a shell that starts the server. So:
 *
 * P1  The server leads a process group of its own. A Ctrl-C that asks us to finish what runs does not reach it.
 * P2  Whatever ends the server ends its whole group.
 * P3  When this process ends in any way, SIGKILL included, the group ends: a shell in the group holds the reading end of a
 *     pipe that only we hold open, and gives the signal when it closes.
 * P4  It gets the few variables that a command needs, and those configured; nothing else of our environment.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/client';
import { getDefaultEnvironment } from '@modelcontextprotocol/client/stdio';
import type { Clock } from '../../../kernel/clock.ts';

/** What is kept of what the server writes to its standard error: the end, where the reason stands. */
const keptErrorLength = 4_000;
/** One message; what the client's own transport allows. */
const maxMessageBytes = 10 * 1024 * 1024;
/** How long a server may take to end by itself, and again when it is asked to. */
const graceMs = 2_000;
/** Between a broken pipe and the reason for it. */
const lastWordsMs = 500;

/** `$$` is the leader of the group, which becomes the server; the subshell outlives it until the pipe closes. */
const guardedStart = `(trap '' TERM; read -r _ <&3; kill -s TERM -- "-$$"; sleep 2; kill -s KILL -- "-$$") >/dev/null 2>&1 </dev/null &
exec 3<&-; exec "$@"`;

/** What to start. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
}

/** The transport of one started server. It is started once; a server that died gets a new one. */
export class ServerProcess implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport['onmessage'];

  readonly #command: ServerCommand;
  readonly #clock: Clock;
  readonly #buffer = new ReadBuffer({ maxBufferSize: maxMessageBytes });
  #child: ChildProcess | null = null;
  #input: Writable | null = null;
  #saidLast = '';
  readonly #ended = Promise.withResolvers<void>();

  constructor(command: ServerCommand, clock: Clock) {
    this.#command = command;
    this.#clock = clock;
  }

  /** Null before the start and after the end. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** The end of what the server wrote to its standard error, and how it ended. */
  get lastWords(): string {
    return this.#saidLast;
  }

  /** Resolves when the server is gone and its last words are here, or when a moment has passed. */
  async listenToEnd(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(lastWordsMs, resolve);
    await Promise.race([this.#ended.promise, late]);
    timer.cancel();
  }

  async start(): Promise<void> {
    const { command, args, env, cwd } = this.#command;
    const options = {
      env: { ...getDefaultEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'] as ('pipe' | 'ignore')[],
      detached: isPosix,
      windowsHide: true,
      ...(cwd === null ? {} : { cwd }),
    };
    const child = isPosix
      ? spawn('/bin/sh', ['-c', guardedStart, 'sh', command, ...args], options)
      : spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    this.#input = child.stdin;
    child.stdin?.on('error', (error) => this.onerror?.(error));
    child.stdio[3]?.on('error', () => {});
    child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#hear(chunk.toString()));
    child.once('exit', () => this.#bury(child));
    child.once('close', () => this.#end(child));
    await once(child, 'spawn');
    child.on('error', (error) => this.onerror?.(error));
  }

  /** Resolves when the message is handed over; a server that does not read is waited for. */
  async send(message: JSONRPCMessage): Promise<void> {
    const input = this.#input;
    if (input === null || input.destroyed) throw new Error('The server has ended.');
    if (!input.write(serializeMessage(message))) await Promise.race([once(input, 'drain'), once(input, 'close')]);
  }

  /** Asks the server to end, first by the end of its input, and makes it end. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const ended = once(child, 'exit');
    this.#input = null;
    child.stdin?.end();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = this.#clock.setTimer(graceMs, resolve);
      await Promise.race([ended, late]);
      timer.cancel();
      if (child.exitCode !== null || child.signalCode !== null) break;
      endGroup(child, signal);
    }
    await ended;
    this.#end(child);
  }

  #take(chunk: Buffer): void {
    try {
      this.#buffer.append(chunk);
    } catch (error) {
      // Nothing sensible follows a message of that size.
      this.onerror?.(asError(error));
      if (this.#child !== null) endGroup(this.#child, 'SIGKILL');
      return;
    }
    for (;;) {
      try {
        const message = this.#buffer.readMessage();
        if (message === null) return;
        this.onmessage?.(message);
      } catch (error) {
        // One line that is no message; the next one may be.
        this.onerror?.(asError(error));
      }
    }
  }

  #hear(said: string): void {
    this.#saidLast = (this.#saidLast + said).slice(-keptErrorLength);
  }

  /** Its last words may still be on their way; whoever holds its pipes without belonging to it is not waited for. */
  #bury(child: ChildProcess): void {
    // What the server started itself, and the guard.
    endGroup(child, 'SIGKILL');
    const timer = this.#clock.setTimer(graceMs, () => this.#end(child));
    child.once('close', () => timer.cancel());
  }

  #end(child: ChildProcess): void {
    if (this.#child === null) return;
    const { exitCode, signalCode } = child;
    this.#hear(` (It ended ${signalCode === null ? `with code ${exitCode}` : `by ${signalCode}`}.)`);
    this.#child = null;
    this.#input = null;
    for (const stream of child.stdio) stream?.destroy();
    this.#buffer.clear();
    this.#ended.resolve();
    this.onclose?.();
  }
}

const isPosix = process.platform !== 'win32';

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (isPosix) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // Nobody of the group is left.
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

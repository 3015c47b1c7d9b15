import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync } from 'node:fs';
import { endWithThis } from './own-children.ts';

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Some servers will not run as root. */
  readonly asNobody?: boolean;
}

/** Where this process is root, who servers run as that will not. Everywhere else: whoever runs this. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

/** Makes a folder that of the user that `asNobody` runs as. */
export function giveToNobody(path: string): void {
  if (isRoot) chownSync(path, nobody, nobody);
}

/** Keeps the end of what a server says, for whoever has to tell why it did not start. */
const keptCharacters = 8_000;

/** A server of its own process, ended by its pid. */
export class ServerProcess {
  readonly #command: ServerCommand;
  readonly #name: string;
  #child: ChildProcess | null = null;
  #said = '';

  constructor(name: string, command: ServerCommand) {
    this.#name = name;
    this.#command = command;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#name} does not run.`);
    return pid;
  }

  get said(): string {
    return this.#said;
  }

  start(): void {
    const { command, args, cwd, env = process.env, asNobody = false } = this.#command;
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
      ...(asNobody && isRoot ? { uid: nobody, gid: nobody } : {}),
    });
    const listen = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString('utf8')).slice(-keptCharacters);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', (error) => {
      this.#said += String(error);
    });
    endWithThis(child);
    this.#child = child;
  }

  /** Resolves when `isReady` says so; rejects with what the server said when it ends before, or takes too long. */
  async ready(isReady: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await isReady())) {
      const child = this.#child;
      if (child === null || child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${this.#name} ended before it was ready: ${this.#said}`);
      if (Date.now() > deadline) throw new Error(`${this.#name} was not ready in ${timeoutMs} ms: ${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Resolves when it has ended by itself; rejects with what it said when that was no success. */
  async ended(): Promise<void> {
    const child = this.#child;
    if (child === null) throw new Error(`${this.#name} does not run.`);
    if (child.exitCode === null && child.signalCode === null)
      await new Promise<void>((resolve) => child.once('close', () => resolve()));
    if (child.exitCode !== 0) throw new Error(`${this.#name} failed: ${this.#said}`);
  }

  /** Sends a signal, and resolves when the process is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await gone;
  }
}

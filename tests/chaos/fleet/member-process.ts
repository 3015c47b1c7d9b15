import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endWithThis } from '../../../scripts/fleet/own-children.ts';
import type { LineLog } from '../logs.ts';
import { fleetPaths } from './paths.ts';
import type { FaultLine } from './paths.ts';

export interface MemberOptions {
  readonly folder: string;
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly faults: LineLog<FaultLine>;
}

/** Between two starts of one that could not begin: a database may be away. */
const againMs = 500;
/** More than its grace. */
const stopMs = 20_000;

/** A process of the fleet, started again by whoever keeps it: when it could not begin, and after it was killed. */
export class MemberProcess {
  readonly name: string;
  readonly #options: MemberOptions;
  #child: ChildProcess | null = null;
  #life = 0;
  /** It ends because it was told to. */
  #isEnding = false;
  #isOver = false;

  constructor(options: MemberOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Resolves when it takes requests, however many starts that takes. */
  async start(): Promise<void> {
    while (!this.#isOver && !(await this.#startOnce())) await pause(againMs);
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGSTOP and SIGCONT leave it where it is. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** In good order, and for good; notes when it does not come to its end. */
  async stop(): Promise<void> {
    this.#isOver = true;
    const child = this.#child;
    if (child === null || !this.isRunning) return;
    const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await this.#end('SIGTERM');
    clearTimeout(late);
    this.#note(child.exitCode === 0 ? 'stopped' : 'not stopped');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || !this.isRunning) return;
    this.#isEnding = true;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  async #startOnce(): Promise<boolean> {
    const { folder, name, environment } = this.#options;
    const life = `${name}.${++this.#life}`;
    const paths = fleetPaths(folder);
    const file = fileURLToPath(new URL('./member.ts', import.meta.url));
    const child = spawn(process.execPath, [file, '--folder', folder, '--name', life], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: paths.codeCache, ...environment },
    });
    endWithThis(child);
    child.stderr.pipe(createWriteStream(paths.said(name), { flags: 'a' }));
    this.#child = child;
    this.#isEnding = false;
    const lines = createInterface(child.stdout);
    const isWorking = await Promise.race([
      once(lines, 'line').then(([line]) => line === 'working'),
      once(child, 'exit').then(() => false),
    ]);
    // What it says from now on has to go somewhere.
    child.stdout.resume();
    if (!isWorking) {
      if (!this.#isEnding) this.#note('start failed');
      return this.#isEnding;
    }
    this.#note('working');
    child.once('exit', () => void this.#left());
    return true;
  }

  async #left(): Promise<void> {
    if (this.#isEnding || this.#isOver) return;
    this.#note('died');
    await this.start();
  }

  #note(event: FaultLine['event']): void {
    this.#options.faults.write({ event, what: `${this.name}.${this.#life}` });
  }
}

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

/** What a command left behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder of a user, with its files; gone after the test. */
export function newFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'squadra-cli-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Runs a command to its end. */
export function squadra(folder: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return new RunningCommand(folder, args, options).ended;
}

/** What a command wrote as one JSON document. */
export async function squadraJson(folder: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, code } = await squadra(folder, [...args, '--json']);
  try {
    return JSON.parse(stdout) as Record<string, unknown>;
  } catch (cause) {
    throw new Error(`squadra ${args.join(' ')} (${code}) wrote no JSON: ${stdout}\n${stderr}`, { cause });
  }
}

/** A command as a process of its own, with what it has written so far. Killed when the test ends before it does. */
export class RunningCommand {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #onOutput: () => void = () => {};

  constructor(folder: string, args: readonly string[], { input, env = {} }: CommandOptions = {}) {
    const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: { ...plainEnvironment(), ...env } });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => ((this.#stdout += text), this.#onOutput()));
    child.stderr.setEncoding('utf8').on('data', (text: string) => ((this.#stderr += text), this.#onOutput()));
    // A command that does not read its input may be gone before it is written.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    this.ended = new Promise((resolve) =>
      child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
        this.#onOutput();
      }),
    );
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  /** Resolves with the match once the output (errors and notes included) has it; rejects when the command ends without. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.#stdout + this.#stderr);
        if (match !== null) resolve(match);
        else if (this.#child.exitCode !== null || this.#child.signalCode !== null)
          reject(new Error(`ended without ${String(pattern)}:\n${this.#stdout}\n${this.#stderr}`));
      };
      this.#onOutput = look;
      look();
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }
}

/** The environment without what changes how a command behaves. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const given = Object.entries(process.env).filter(
    ([name]) =>
      !/^(SQUADRA_|OTEL_|OPENAI_|ANTHROPIC_|GROQ_|OLLAMA_|NODE_OPTIONS$|NO_COLOR$|FORCE_COLOR$|CI$)/.test(name),
  );
  // Code from the cache is counted less exactly.
  const isCounted = process.env['NODE_V8_COVERAGE'] !== undefined;
  return { ...Object.fromEntries(given), ...(isCounted ? { NODE_DISABLE_COMPILE_CACHE: '1' } : {}) };
}

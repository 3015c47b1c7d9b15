import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process of a test's own that speaks in lines. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** The next line it says; throws when it ends without one. */
  line(): Promise<string>;
  tell(line: string): void;
  /** Ends as a power cut ends it. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a script with the present Node. */
export function startChild(script: URL, ...args: readonly string[]): Child {
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  const kill = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    line: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${script.pathname} ended without a word.`);
      return next.value;
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

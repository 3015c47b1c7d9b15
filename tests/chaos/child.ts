import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endWithThis } from '../../scripts/fleet/own-children.ts';

/** A program of this folder's neighbourhood in a process of its own. */
export interface Child {
  /** The first line it prints; null when it ends without one. */
  readonly firstLine: Promise<string | null>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly isRunning: boolean;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a TypeScript file under this Node. What it writes to standard error is shown. */
export function startChild(file: URL, args: readonly string[], environment: Record<string, string> = {}): Child {
  const child = spawn(process.execPath, [fileURLToPath(file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  endWithThis(child);
  const exited = once(child, 'exit').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  const lines = createInterface(child.stdout);
  const firstLine = Promise.race([once(lines, 'line').then(([line]) => String(line)), exited.then(() => null)]);
  return {
    firstLine,
    exited,
    get isRunning() {
      return child.exitCode === null && child.signalCode === null;
    },
    kill: (signal) => void child.kill(signal),
  };
}

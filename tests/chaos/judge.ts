import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Runs the verdict on what a run left, in a process of its own that prints for itself; resolves to its exit code. */
export async function judge(folder: string, args: readonly string[] = []): Promise<number> {
  const path = fileURLToPath(new URL('./verdict.ts', import.meta.url));
  const verdict = spawn(process.execPath, [path, folder, ...args], { stdio: 'inherit' });
  await once(verdict, 'exit');
  return verdict.exitCode ?? 1;
}

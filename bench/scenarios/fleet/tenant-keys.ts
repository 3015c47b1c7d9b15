import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Fleet } from '../../../scripts/fleet/fleet.ts';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const run = promisify(execFile);

/** Makes a key for each of so many tenants of a fleet. */
export async function newKeys({ environment }: Fleet, tenants: number): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let n = 0; n < tenants; n++) {
    const args = [main, 'keys', 'create', '--tenant', `tenant-${n}`, '--name', 'bench', '--scopes', 'read,write'];
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, ...environment } });
    keys.push(stdout.trim());
  }
  return keys;
}

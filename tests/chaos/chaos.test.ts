import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Verdict {
  readonly passed: boolean;
  readonly figures: Readonly<Record<string, number>>;
  readonly checks: readonly { readonly name: string; readonly count: number }[];
}

/** Runs it as the command line does. */
function chaos(...args: string[]): Promise<{ readonly code: number; readonly verdict: Verdict }> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [main, '--json', '--discard', ...args], (_, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr));
      // Printed by our own verdict.
      else resolve({ code: child.exitCode ?? 1, verdict: JSON.parse(stdout) as Verdict });
    });
  });
}

function breaches({ checks }: Verdict): string[] {
  return checks.filter(({ count }) => count > 0).map(({ name }) => name);
}

describe('a chaos run', () => {
  it('finds that the contract holds', async () => {
    const { code, verdict } = await chaos('--kills', '3', '--seed', '1');
    expect(breaches(verdict)).toEqual([]);
    expect(code).toBe(0);
    expect(verdict.figures.kills).toBe(3);
  });

  it('finds a result that is handed over before its commit', async () => {
    const { code, verdict } = await chaos('--kills', '3', '--seed', '2', '--plant', 'early-delivery');
    expect(breaches(verdict)).toContain('committed steps run again');
    expect(code).toBe(1);
  });

  it('finds a call that leaves before its intent is committed', async () => {
    const { code, verdict } = await chaos('--kills', '3', '--seed', '3', '--plant', 'late-intent');
    expect(breaches(verdict)).toContain('model calls without an intent');
    expect(code).toBe(1);
  });
});

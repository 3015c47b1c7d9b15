import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/kernel/faults.ts';
import { auditBudgets } from '../support/budget-audit.ts';
import { temporaryFolder } from '../work/sqlite/open-state.ts';
import { budgetKeys, openSpending, spend } from './budget-story.ts';

/** At the reservation with its intent, while calls are in flight, at the settlement, and around cancel, park and end. */
const rows: readonly (readonly [FaultPoint, number])[] = [
  ...[1, 3, 5].flatMap((n) => [['intent.before', n] as const, ['intent.after', n] as const]),
  ...[1, 3].flatMap((n) => [['step.before', n] as const, ['step.after', n] as const]),
  ['park.after', 1],
  ['wake.before', 1],
  ['wake.after', 1],
  ['cancel.before', 1],
  ['cancel.after', 1],
  ['finish.before', 1],
  ['finish.after', 1],
];

const compiled = mkdtempSync(join(tmpdir(), 'squadra-compiled-'));
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

it('adds up where nothing dies', async () => {
  await using folder = await temporaryFolder();
  expect(await dies(folder.path, 'submit.before', 1_000)).toBe(0);
  expectEqual(folder.path);
  expect(auditBudgets(database(folder.path)).ledger.length).toBeGreaterThanOrEqual(4);
});

describe.concurrent('killed at', () => {
  it.each(rows)('%s (passing %d): what is spent and reserved is what the calls say', async (point, n) => {
    await using folder = await temporaryFolder();
    expect(await dies(folder.path, point, n)).toBe('SIGKILL');
    expectEqual(folder.path);
    await (async () => {
      await using squadra = await openSpending(folder.path, {});
      await spend(squadra);
      // Nothing is in flight any more, so nothing is reserved, and what the executions cost is what was spent.
      const { total } = await squadra.usage();
      for (const key of budgetKeys) {
        const { spent, reserved } = await squadra.budgets.get(key);
        expect(reserved).toEqual({ microUsd: 0, tokens: 0 });
        expect(spent.microUsd).toBe(total.usage.costMicroUsd);
      }
    })();
    expectEqual(folder.path);
  });
});

function expectEqual(stateDir: string): void {
  const { ledger, calls } = auditBudgets(database(stateDir));
  expect(ledger.filter((line) => line.spentTokens + line.reservedTokens > 0)).toEqual(calls);
}

function database(stateDir: string): string {
  return join(stateDir, 'squadra.db');
}

/** Spends in a process of its own; tells the signal it died of, or its exit code. */
async function dies(stateDir: string, point: FaultPoint, occurrence: number): Promise<NodeJS.Signals | number | null> {
  const main = fileURLToPath(new URL('./budget-main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, stateDir, point, String(occurrence)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ?? code));
  });
}

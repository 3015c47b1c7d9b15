import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { FaultPoint } from '../../../src/kernel/faults.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { temporaryFolder } from '../../work/sqlite/open-state.ts';
import { intervalMs, openTicking, start, untilTold } from './ticking.ts';

/** Each side of the commit that fires a tick, of the one that begins what waits, and of what the execution does. */
const rows: readonly (readonly [FaultPoint, number])[] = [
  ['submit.before', 1],
  ['submit.after', 1],
  ['submit.before', 3],
  ['submit.after', 3],
  ['claim.before', 1],
  ['claim.after', 2],
  ['step.after', 2],
  ['finish.before', 2],
  ['finish.after', 2],
  ['wake.before', 1],
  ['wake.after', 1],
  ['wake.after', 2],
];

const metadataShape = z.object({ schedule: z.looseObject({ tick: z.string() }) });

describe.concurrent('killed at', () => {
  it.each(rows)('%s (passing %d): each tick has fired once, and none is lost', async (point, passing) => {
    await using folder = await temporaryFolder();
    expect(await dies(folder.path, point, passing)).toBe('SIGKILL');

    // It starts again after the time of ten ticks.
    const clock = new TestClock(start + 10 * intervalMs + 1);
    await using squadra = await openTicking(folder.path, clock);
    await untilTold(squadra, clock, 12);
    const { nextAt, counts } = await squadra.schedules.get('told');
    const { items } = await squadra.list({ limit: 200 });
    const ticks = items
      .map(({ metadata }) => Date.parse(metadataShape.parse(metadata).schedule.tick))
      .toSorted((a, b) => a - b);
    expect(counts).toEqual({ fired: items.length, skipped: 0, missed: 0 });
    expect(ticks).toEqual(ticks.map((_, place) => start + (place + 1) * intervalMs));
    expect(nextAt).toBe((ticks.at(-1) ?? 0) + intervalMs);
    expect(items.map(({ status, output }) => [status, output])).toEqual(items.map(() => ['completed', 'told']));
  });
});

function dies(stateDir: string, point: FaultPoint, occurrence: number): Promise<number | string | null> {
  const file = fileURLToPath(new URL('crash-child.ts', import.meta.url));
  const child = spawn(process.execPath, [file, stateDir, point, String(occurrence)], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ?? code));
  });
}

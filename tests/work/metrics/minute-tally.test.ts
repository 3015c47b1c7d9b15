import { expect, it } from 'vitest';
import type { Happening } from '../../../src/work/metrics/happening.ts';
import { MinuteTally } from '../../../src/work/metrics/minute-tally.ts';
import { minuteRow, tenantMinuteOf } from '../../../src/work/rows/metric-row.ts';
import { noUsage } from '../../../src/work/usage.ts';
import { seededRandom } from '../../chaos/random.ts';

const statuses = ['completed', 'failed', 'cancelled'] as const;

/** Some happenings of a few tenants in a few minutes. */
function someHappenings(random: () => number, count: number): Happening[] {
  const pick = (most: number): number => Math.floor(random() * most);
  return Array.from({ length: count }, (): Happening => {
    const place = { tenant: `tenant-${pick(3)}`, at: pick(5) * 60_000 + pick(60_000) };
    const usage = { ...noUsage, inputTokens: pick(100), outputTokens: pick(100), costMicroUsd: pick(9_000) };
    switch (pick(5)) {
      case 0:
        return { ...place, kind: 'submitted' };
      case 1:
        return { ...place, kind: 'ended', status: statuses[pick(3)] ?? 'failed', acceptedAt: place.at - pick(90_000) };
      case 2:
        return { ...place, kind: 'convoy ended', status: statuses[pick(3)] ?? 'failed' };
      case 3:
        return { ...place, kind: 'convoy created' };
      default: {
        const isModel = pick(2) === 0;
        const isFailed = pick(4) === 0;
        const sentAt = isModel && !isFailed ? place.at - pick(5_000) : null;
        return { ...place, kind: 'step', isModel, isFailed, usage: isModel ? usage : null, sentAt };
      }
    }
  });
}

function rowsOf(tally: MinuteTally): unknown[] {
  return [...tally.minutes()].map(minuteRow).sort((a, b) => (`${a[0]} ${a[1]}` < `${b[0]} ${b[1]}` ? -1 : 1));
}

it('comes to the same in whatever order and parts it is told, also through the store', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const happenings = someHappenings(random, 200);
    const whole = new MinuteTally();
    for (const happening of happenings) whole.add(happening);
    const merged = new MinuteTally();
    const shuffled = happenings.toSorted(() => random() - 0.5);
    for (let from = 0; from < shuffled.length;) {
      const to = from + 1 + Math.floor(random() * 40);
      const part = new MinuteTally();
      for (const happening of shuffled.slice(from, to)) part.add(happening);
      if (random() < 0.5) merged.merge(part);
      else
        for (const row of [...part.minutes()].map(minuteRow)) {
          const { tenant, minute, figures } = tenantMinuteOf(row);
          merged.at(tenant, minute).merge(figures);
        }
      from = to;
    }
    expect(rowsOf(merged)).toEqual(rowsOf(whole));
  }
});

it('counts in the minute of its own time what is told late', () => {
  const tally = new MinuteTally();
  tally.add({ kind: 'submitted', tenant: 'a', at: 120_000 });
  tally.add({ kind: 'submitted', tenant: 'a', at: 59_999 });
  tally.add({ kind: 'submitted', tenant: 'b', at: 60_000 });
  tally.add({ kind: 'ended', status: 'cancelled', tenant: 'a', at: 60_000, acceptedAt: 59_999 });
  const found = [...tally.minutes()].map(({ tenant, minute, figures }) => [
    tenant,
    minute,
    figures.counts.submitted,
    figures.counts.cancelled,
    figures.durations.count,
  ]);
  expect(found).toEqual([
    ['a', 2, 1, 0, 0],
    ['a', 0, 1, 0, 0],
    ['a', 1, 0, 1, 0],
    ['b', 1, 1, 0, 0],
  ]);
});

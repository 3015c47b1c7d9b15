import { expect, it } from 'vitest';
import { convoyFigures } from '../../../src/work/metrics/convoy-course.ts';
import type { CourseItem } from '../../../src/work/metrics/convoy-course.ts';

const convoy = { id: 'c', squadId: 's', status: 'completed', createdAt: 1_000, endedAt: 11_000 } as const;

function item(
  id: string,
  startedAt: number | null,
  endedAt: number | null,
  more: Partial<CourseItem> = {},
): CourseItem {
  return { id, status: 'completed', dependencies: [], startedAt, endedAt, costMicroUsd: 5, ...more };
}

it.each([
  { what: 'nothing began', items: [item('a', null, null, { status: 'cancelled' })], average: 0, highest: 0 },
  { what: 'one after the other', items: [item('a', 1_000, 6_000), item('b', 6_000, 11_000)], average: 1, highest: 1 },
  { what: 'side by side', items: [item('a', 1_000, 11_000), item('b', 1_000, 6_000)], average: 1.5, highest: 2 },
  { what: 'one took no time', items: [item('a', 1_000, 1_000)], average: 0, highest: 1 },
])('tells how many ran side by side where $what', ({ items, average, highest }) => {
  expect(convoyFigures(convoy, items, 99_000).parallelism).toEqual({ average, highest });
});

it('counts the time an item waited from when it could have begun: the start, or the end of what it builds on', () => {
  const items = [
    item('a', 1_000, 3_000),
    item('b', 3_500, 9_000, { dependencies: ['a'], status: 'failed' }),
    item('c', null, null, { dependencies: ['b'], status: 'cancelled' }),
  ];
  const figures = convoyFigures(convoy, items, 99_000);
  expect(figures).toMatchObject({
    items: 3,
    completed: 1,
    failed: 1,
    cancelled: 1,
    durationMs: 10_000,
    costMicroUsd: 15,
  });
  expect(figures.waitMs?.p50).toBe(0);
  expect(Math.abs((figures.waitMs?.p99 ?? 0) - 500)).toBeLessThanOrEqual(13);
  expect(Math.abs((figures.durationOfItemsMs?.p99 ?? 0) - 5_500)).toBeLessThanOrEqual(138);
});

it('goes up to now while the convoy runs', () => {
  const running = { ...convoy, status: 'running', endedAt: null } as const;
  const figures = convoyFigures(running, [item('a', 2_000, null, { status: 'in_progress' })], 5_000);
  expect(figures).toMatchObject({
    durationMs: 4_000,
    parallelism: { average: 0.75, highest: 1 },
    waitMs: { p50: 996 },
  });
  expect(figures.durationOfItemsMs).toBe(null);
});

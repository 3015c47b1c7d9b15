import { describe, expect, it } from 'vitest';
import { courseOf } from '../../dashboard/src/convoys/parallelism-course.ts';

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
const ran = (startedAt: number | null, endedAt: number | null) => ({
  startedAt: iso(startedAt),
  endedAt: iso(endedAt),
});

describe('how many items ran side by side', () => {
  it('goes up with each start and down with each end', () => {
    expect(courseOf([ran(1_000, 4_000), ran(2_000, 3_000), ran(3_000, 5_000)], 9_000)).toEqual({
      times: [1_000, 2_000, 3_000, 4_000, 5_000],
      running: [1, 2, 2, 1, 0],
      highest: 2,
    });
  });

  it('goes on until now while an item runs', () => {
    expect(courseOf([ran(1_000, null)], 6_000)).toEqual({ times: [1_000, 6_000], running: [1, 1], highest: 1 });
  });

  it('knows nothing of items that did not begin', () => {
    expect(courseOf([ran(null, null), ran(null, 3_000)], 6_000)).toEqual({ times: [], running: [], highest: 0 });
  });

  it('ends at nothing, whatever was retried', () => {
    const items = Array.from({ length: 100 }, (_, place) => ran(1_000 + place * 7, 1_000 + place * 13));
    expect(courseOf(items, 9_000).running.at(-1)).toBe(0);
  });
});

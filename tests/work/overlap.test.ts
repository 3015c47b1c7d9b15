import { expect, it } from 'vitest';
import { firingOf } from '../../src/work/overlap.ts';
import type { Firing } from '../../src/work/overlap.ts';
import type { OverlapRule } from '../../src/work/schedule.ts';

const rows: readonly (readonly [OverlapRule, underWay: number, waiting: number, Firing])[] = [
  ['skip', 0, 0, 'begin'],
  ['skip', 1, 0, 'skip'],
  ['skip', 0, 1, 'skip'],
  ['queue', 0, 0, 'begin'],
  ['queue', 1, 0, 'wait'],
  ['queue', 1, 2, 'wait'],
  ['queue', 1, 3, 'skip'],
  // Not before what waits, also when nothing is under way just now.
  ['queue', 0, 1, 'wait'],
  // Somebody started or retried one by hand.
  ['queue', 2, 0, 'wait'],
];

it.each(rows)('%s with %d under way and %d of three waiting: %s', (rule, underWay, waiting, firing) => {
  expect(firingOf(rule, { underWay, waiting }, 3)).toBe(firing);
});

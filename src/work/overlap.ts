import type { OverlapRule } from './schedule.ts';

/** Executions of a schedule that have not ended: those under way, and those that wait for their turn. */
export interface OpenFirings {
  readonly underWay: number;
  readonly waiting: number;
}

/** What a tick may do: begin its work, have it wait for what was begun before, or nothing. */
export type Firing = 'begin' | 'wait' | 'skip';

/** At most one execution of a schedule is under way; at most `maxWaiting` wait for it. */
export function firingOf(rule: OverlapRule, { underWay, waiting }: OpenFirings, maxWaiting: number): Firing {
  if (underWay === 0 && waiting === 0) return 'begin';
  if (rule === 'skip' || waiting >= maxWaiting) return 'skip';
  return 'wait';
}

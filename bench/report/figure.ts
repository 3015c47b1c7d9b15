import type { Interval, Spread } from '../measure/statistics.ts';

/** What is promised of a figure. Figures with the same `anyOf` are one promise: one of them has to keep it. */
export type Asked =
  | { readonly kind: 'atLeast'; readonly value: number; readonly anyOf?: string }
  | { readonly kind: 'below'; readonly value: number }
  /** A slope whose interval does not lie above zero, or that is smaller than `value`. */
  | { readonly kind: 'flat'; readonly value: number };

/** One measured number. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Over how many rounds it is the median, and how far they lie apart; null when it was measured once. */
  readonly rounds: { readonly min: number; readonly max: number; readonly count: number } | null;
  readonly asked: Asked | null;
}

/** A figure that was measured once. */
export function figure(name: string, unit: string, value: number, asked: Asked | null = null): Figure {
  return { name, unit, value, rounds: null, asked };
}

/** The median of several rounds. */
export function roundsFigure(
  name: string,
  unit: string,
  { median, min, max, count }: Spread,
  asked: Asked | null = null,
): Figure {
  return { name, unit, value: median, rounds: { min, max, count }, asked };
}

/** The mean of several rounds, and the ends of its interval in place of how far they lie apart. */
export function intervalFigure(
  name: string,
  unit: string,
  { mean, low, high, count }: Interval,
  asked: Asked | null = null,
): Figure {
  return { name, unit, value: mean, rounds: { min: low, max: high, count }, asked };
}

export const atLeast = (value: number, anyOf?: string): Asked => ({
  kind: 'atLeast',
  value,
  ...(anyOf === undefined ? {} : { anyOf }),
});
export const below = (value: number): Asked => ({ kind: 'below', value });

export const flat = (negligible: number): Asked => ({ kind: 'flat', value: negligible });

/** Whether a figure is what was asked; null when nothing was. */
export function isMet(one: Figure, others: readonly Figure[]): boolean | null {
  const { asked } = one;
  if (asked === null) return null;
  if (isKept(one, asked)) return true;
  if (asked.kind !== 'atLeast' || asked.anyOf === undefined) return false;
  const { anyOf } = asked;
  return others.some(
    (other) => other.asked?.kind === 'atLeast' && other.asked.anyOf === anyOf && isKept(other, other.asked),
  );
}

function isKept({ value, rounds }: Figure, asked: Asked): boolean {
  switch (asked.kind) {
    case 'atLeast':
      return value >= asked.value;
    case 'below':
      return value < asked.value;
    case 'flat':
      return (rounds !== null && rounds.min <= 0) || value < asked.value;
  }
}

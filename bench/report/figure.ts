import type { Spread } from '../measure/statistics.ts';

/** What is promised of a figure. Figures with the same `anyOf` are one promise: one of them has to keep it. */
export type Asked =
  | { readonly kind: 'atLeast'; readonly value: number; readonly anyOf?: string }
  | { readonly kind: 'below'; readonly value: number; readonly anyOf?: string };

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

export const atLeast = (value: number, anyOf?: string): Asked => ({
  kind: 'atLeast',
  value,
  ...(anyOf === undefined ? {} : { anyOf }),
});
export const below = (value: number): Asked => ({ kind: 'below', value });

/** Whether a figure is what was asked; null when nothing was. */
export function isMet({ value, asked }: Figure, others: readonly Figure[]): boolean | null {
  if (asked === null) return null;
  if (asked.kind === 'atLeast' ? value >= asked.value : value < asked.value) return true;
  const { anyOf } = asked;
  return anyOf !== undefined && others.some((other) => other.asked?.anyOf === anyOf && isMet(other, []) === true);
}

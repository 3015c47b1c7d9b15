/** Columns as values. The casts they stand for are safe because only this adapter writes the columns. */

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
export const whole = (value: unknown): number => Number(value);
export const wholeOrNull = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value);

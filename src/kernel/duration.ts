import { SquadraError } from './errors.ts';

/** A length of time: milliseconds, text with units (`'7d'`, `'1h30m'`, `'2 days'`, `'500ms'`), or parts that are added up. */
export type Duration =
  | number
  | string
  | { days?: number; hours?: number; minutes?: number; seconds?: number; milliseconds?: number };

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A hundred years: beyond it a due time would leave the range of dates, and nobody means it. */
const longestMs = 36_525 * dayMs;

const partMs: ReadonlyMap<string, number> = new Map([
  ['days', dayMs],
  ['hours', hourMs],
  ['minutes', minuteMs],
  ['seconds', secondMs],
  ['milliseconds', 1],
]);

const unitMs: ReadonlyMap<string, number> = new Map([
  ...['ms', 'msec', 'msecs', 'millisecond', 'milliseconds'].map((unit) => [unit, 1] as const),
  ...['s', 'sec', 'secs', 'second', 'seconds'].map((unit) => [unit, secondMs] as const),
  ...['m', 'min', 'mins', 'minute', 'minutes'].map((unit) => [unit, minuteMs] as const),
  ...['h', 'hr', 'hrs', 'hour', 'hours'].map((unit) => [unit, hourMs] as const),
  ...['d', 'day', 'days'].map((unit) => [unit, dayMs] as const),
  ...['w', 'week', 'weeks'].map((unit) => [unit, 7 * dayMs] as const),
]);

/**
 * A duration in whole milliseconds. `what` names it in the message of the error.
 *
 * @throws SquadraError `INVALID_DURATION` when it is negative, not finite, longer than a hundred years, or not a duration at all.
 */
export function durationMs(duration: Duration, what: string): number {
  const ms =
    typeof duration === 'string' ? parseText(duration) : typeof duration === 'number' ? duration : addParts(duration);
  if (ms === undefined) throw invalid(duration, what, 'it is not a duration');
  if (!Number.isFinite(ms)) throw invalid(duration, what, 'it is not a finite number');
  if (ms < 0) throw invalid(duration, what, 'it is negative');
  if (ms > longestMs) throw invalid(duration, what, 'it is longer than a hundred years');
  return Math.round(ms);
}

function parseText(text: string): number | undefined {
  const compact = text.trim().toLowerCase();
  if (!/^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/.test(compact)) return undefined;
  let total = 0;
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/g)) {
    const factor = unitMs.get(unit ?? '');
    if (factor === undefined) return undefined;
    total += Number(amount) * factor;
  }
  return total;
}

function addParts(parts: unknown): number | undefined {
  if (typeof parts !== 'object' || parts === null) return undefined;
  const given = Object.entries(parts).filter(([, amount]) => amount !== undefined);
  if (given.length === 0) return undefined;
  let total = 0;
  for (const [part, amount] of given) {
    const factor = partMs.get(part);
    if (factor === undefined || typeof amount !== 'number') return undefined;
    // A negative part would be hidden by a larger positive one: { hours: 1, minutes: -5 } is a slip, not a sum.
    if (!(amount >= 0)) return amount;
    total += amount * factor;
  }
  return total;
}

function invalid(duration: unknown, what: string, why: string): SquadraError {
  const shown = describe(duration);
  const bareNumber = typeof duration === 'string' && /^\s*\d+(?:\.\d+)?\s*$/.test(duration);
  const hint = bareNumber
    ? `say the unit, as in '${duration.trim()}s'`
    : "write milliseconds, text with units ('500ms', '30s', '1h30m', '7d'), or { hours: 1, minutes: 30 }";
  return new SquadraError('INVALID_DURATION', `${what}: ${shown} cannot be used, ${why}; ${hint}.`, {
    details: { what, value: shown },
  });
}

function describe(duration: unknown): string {
  if (typeof duration === 'string') return `'${duration.slice(0, 80)}'`;
  if (typeof duration !== 'object' || duration === null) return String(duration);
  const parts = Object.entries(duration).map(([part, amount]) => `${part}: ${String(amount)}`);
  return `{ ${parts.join(', ')} }`.slice(0, 80);
}

/** A duration for people, never rounded up: `850ms`, `1.2s`, `3m 04s`, `2h 05m`, `3d 04h`. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.floor(ms));
  if (whole < secondMs) return `${whole}ms`;
  if (whole < minuteMs) return `${(Math.floor(whole / 100) / 10).toFixed(1)}s`;
  if (whole < hourMs) return pair(whole, minuteMs, 'm', secondMs, 's');
  if (whole < dayMs) return pair(whole, hourMs, 'h', minuteMs, 'm');
  return pair(whole, dayMs, 'd', hourMs, 'h');
}

function pair(ms: number, largeMs: number, largeUnit: string, smallMs: number, smallUnit: string): string {
  const small = Math.floor((ms % largeMs) / smallMs);
  return `${Math.floor(ms / largeMs)}${largeUnit} ${String(small).padStart(2, '0')}${smallUnit}`;
}

/** Several values of one thing: the middle one, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** The value below which a share of the values lies (nearest rank); `NaN` of nothing. */
export function quantile(values: ArrayLike<number>, share: number): number {
  return sortedQuantile(Float64Array.from(values).sort(), share);
}

/** p50, p99 and the largest, from one sorting. */
export function percentiles(values: ArrayLike<number>): {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
} {
  const sorted = Float64Array.from(values).sort();
  return { p50: sortedQuantile(sorted, 0.5), p99: sortedQuantile(sorted, 0.99), max: sorted.at(-1) ?? NaN };
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? NaN;
  const low = sorted.length % 2 === 0 ? (sorted[middle - 1] ?? NaN) : high;
  return { median: (low + high) / 2, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN, count: sorted.length };
}

/** The mean of several values, with the interval that holds it with 95 % confidence. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** By Student's t; of less than two values there is no interval. */
export function interval(values: readonly number[]): Interval {
  const count = values.length;
  const middle = mean(values);
  if (count < 2) return { mean: middle, low: NaN, high: NaN, count };
  const deviation = Math.sqrt(sum(values.map((value) => (value - middle) ** 2)) / (count - 1));
  const margin = studentT(count - 1) * (deviation / Math.sqrt(count));
  return { mean: middle, low: middle - margin, high: middle + margin, count };
}

/** A straight line through points, with the interval that holds its slope with 95 % confidence. */
export interface Trend {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Least squares. Samples taken every few seconds resemble their neighbours and say less than as many independent ones:
 * the interval is widened by the correlation of the residuals with those before them.
 */
export function trend(points: readonly (readonly [x: number, y: number])[]): Trend {
  const count = points.length;
  if (count < 3) return { slope: NaN, low: NaN, high: NaN };
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const spreadX = sum(points.map(([x]) => (x - meanX) ** 2));
  const slope = sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / spreadX;
  const residuals = points.map(([x, y]) => y - meanY - slope * (x - meanX));
  const squares = sum(residuals.map((residual) => residual ** 2));
  const neighbours = sum(residuals.slice(1).map((residual, index) => residual * (residuals[index] ?? 0)));
  const correlation = squares === 0 ? 0 : Math.min(0.99, Math.max(0, neighbours / squares));
  const widening = (1 + correlation) / (1 - correlation);
  const error = Math.sqrt((squares / (count - 2) / spreadX) * widening);
  const margin = studentT(count / widening - 2) * error;
  return { slope, low: slope - margin, high: slope + margin };
}

/** The 97.5 % point of Student's t, to two digits: enough for an interval in a report. */
function studentT(freedom: number): number {
  const table = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];
  return freedom > 10 ? 1.96 + 2.6 / freedom : (table[Math.max(0, Math.floor(freedom) - 1)] ?? 2.23);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sortedQuantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

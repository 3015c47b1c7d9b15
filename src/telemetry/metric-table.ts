import type { Metric, Registry } from 'prom-client';
import type { DurationDistribution } from './histogram.ts';

/** A value with the labels that tell it from others of its metric. */
export interface LabelledValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric that is read when it is asked for, out of one reading of everything. */
export type MetricRow<Reading> = {
  /** With its unit at the end, as is customary: `_seconds`, `_bytes`, `_total` of what only grows. */
  readonly name: string;
  readonly help: string;
} & (
  | {
      readonly type: 'gauge' | 'counter';
      readonly read: (reading: Reading) => number | readonly LabelledValue[];
    }
  | { readonly type: 'histogram'; readonly read: (reading: Reading) => DurationDistribution }
);

/** Adds metrics to a registry that are read out of what `read` gives at the time. */
export function registerRows<Reading>(
  registry: Registry,
  rows: readonly MetricRow<Reading>[],
  read: () => Reading,
): void {
  for (const row of rows) {
    const metric = {
      name: row.name,
      get: async () => ({
        name: row.name,
        help: row.help,
        type: row.type,
        aggregator: 'sum',
        values: valuesOf(row, read()),
      }),
    };
    // All that the registry asks of a metric; its own classes cannot take over values that are counted elsewhere.
    registry.registerMetric(metric as unknown as Metric);
  }
}

function valuesOf<Reading>(row: MetricRow<Reading>, reading: Reading) {
  if (row.type === 'histogram') return bucketValues(row.name, row.read(reading));
  const value = row.read(reading);
  return typeof value === 'number' ? [{ labels: {}, value }] : value;
}

function bucketValues(name: string, { buckets, count, sumMs }: DurationDistribution) {
  return [
    ...buckets.map((bucket) => ({
      metricName: `${name}_bucket`,
      labels: { le: Number.isFinite(bucket.atMostMs) ? String(bucket.atMostMs / 1e3) : '+Inf' },
      value: bucket.count,
    })),
    { metricName: `${name}_sum`, labels: {}, value: sumMs / 1e3 },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}

import { countNames, MinuteFigures } from '../metrics/minute.ts';
import type { TenantMinute } from '../metrics/minute-tally.ts';
import type { ResourceMinute } from '../metrics/resource-minute.ts';
import { text, whole } from './columns.ts';
import type { Row } from './row.ts';

/** The columns of a minute, in the order of `minuteRow`. */
export const minuteColumns: readonly string[] = [
  'tenant',
  'minute',
  ...countNames.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  'durations',
  'latencies',
];

/** The same as a list of SQL. */
export const minuteColumnNames = minuteColumns.join(', ');

/** A minute in the order of its columns. */
export type MinuteRow = readonly (string | number)[];

export function minuteRow({ tenant, minute, figures }: TenantMinute): MinuteRow {
  const { counts, durations, latencies } = figures;
  return [tenant, minute, ...countNames.map((name) => counts[name]), durations.encode(), latencies.encode()];
}

/** Maps a row of `minuteColumnNames`, also one that is on its way to be added. */
export function tenantMinuteOf(row: Row | MinuteRow): TenantMinute {
  const figures = new MinuteFigures();
  for (const [place, name] of countNames.entries()) figures.counts[name] = whole(row[2 + place]);
  figures.durations.addEncoded(text(row[2 + countNames.length]));
  figures.latencies.addEncoded(text(row[3 + countNames.length]));
  return { tenant: text(row[0]), minute: whole(row[1]), figures };
}

/** The columns of a minute of resources: sums, and the highest of each. */
export const resourceColumnNames =
  'minute, samples, cpu, highest_cpu, memory, highest_memory, loop_delay_ms, highest_loop_delay_ms';

export function resourceRow({ minute, samples, cpu, memory, loopDelayMs }: ResourceMinute): readonly number[] {
  const of = [cpu, memory, loopDelayMs].flatMap(({ average, highest }) => [average * samples, highest]);
  return [minute, samples, ...of];
}

/** Maps a row of `resourceColumnNames`. */
export function resourceMinuteOf(row: Row): ResourceMinute {
  const samples = whole(row[1]);
  const at = (place: number) => ({ average: Number(row[place]) / samples, highest: Number(row[place + 1]) });
  return { minute: whole(row[0]), samples, cpu: at(2), memory: at(4), loopDelayMs: at(6) };
}

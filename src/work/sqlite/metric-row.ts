import { countNames, MinuteFigures } from '../metrics/minute.ts';
import type { TenantMinute } from '../metrics/minute-tally.ts';
import type { ResourceMinute } from '../metrics/resource-minute.ts';
import { text, whole } from './columns.ts';
import type { Row } from './statements.ts';

const columns: readonly string[] = [
  'tenant',
  'minute',
  ...countNames.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  'durations',
  'latencies',
];

/** The columns of a minute, in the order of `minuteRow`. */
export const minuteColumnNames = columns.join(', ');

/** Adds a `minuteRow` to what is there; its histograms have to be merged before. */
export const addMinuteSql = `INSERT INTO metric_minutes (${minuteColumnNames}) VALUES (${columns.map(() => '?').join(', ')})
  ON CONFLICT (tenant, minute) DO UPDATE SET durations = excluded.durations, latencies = excluded.latencies,
  ${columns
    .slice(2, -2)
    .map((name) => `${name} = ${name} + excluded.${name}`)
    .join(', ')}`;

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

/** Adds samples to what is there of their minute. */
export const addResourcesSql = `INSERT INTO metric_resources (${resourceColumnNames}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (minute) DO UPDATE SET samples = samples + excluded.samples,
  cpu = cpu + excluded.cpu, highest_cpu = max(highest_cpu, excluded.highest_cpu),
  memory = memory + excluded.memory, highest_memory = max(highest_memory, excluded.highest_memory),
  loop_delay_ms = loop_delay_ms + excluded.loop_delay_ms, highest_loop_delay_ms = max(highest_loop_delay_ms, excluded.highest_loop_delay_ms)`;

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

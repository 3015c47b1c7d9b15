import { minuteColumnNames, minuteColumns, resourceColumnNames } from '../rows/metric-row.ts';

/** Adds a `minuteRow` to what is there; its histograms have to be merged before. */
export const addMinuteSql = `INSERT INTO metric_minutes (${minuteColumnNames}) VALUES (${minuteColumns.map(() => '?').join(', ')})
  ON CONFLICT (tenant, minute) DO UPDATE SET durations = excluded.durations, latencies = excluded.latencies,
  ${minuteColumns
    .slice(2, -2)
    .map((name) => `${name} = ${name} + excluded.${name}`)
    .join(', ')}`;

/** Adds samples to what is there of their minute. */
export const addResourcesSql = `INSERT INTO metric_resources (${resourceColumnNames}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (minute) DO UPDATE SET samples = samples + excluded.samples,
  cpu = cpu + excluded.cpu, highest_cpu = max(highest_cpu, excluded.highest_cpu),
  memory = memory + excluded.memory, highest_memory = max(highest_memory, excluded.highest_memory),
  loop_delay_ms = loop_delay_ms + excluded.loop_delay_ms, highest_loop_delay_ms = max(highest_loop_delay_ms, excluded.highest_loop_delay_ms)`;

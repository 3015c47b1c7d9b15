import type { ResourceMinute } from '../../metrics/resource-minute.ts';
import { resourceColumnNames, resourceRow } from '../../rows/metric-row.ts';
import type { Statements, Value } from '../database.ts';

const sums = ['samples', 'cpu', 'memory', 'loop_delay_ms'];
const highest = ['highest_cpu', 'highest_memory', 'highest_loop_delay_ms'];
const types = ['bigint', 'bigint', ...Array<string>(6).fill('double precision')];

const addSql = `INSERT INTO metric_resources (process, ${resourceColumnNames})
  SELECT $1, sample.* FROM unnest(${types.map((type, place) => `$${place + 2}::${type}[]`).join(', ')}) AS sample
  ON CONFLICT (minute, process) DO UPDATE SET
    ${sums.map((name) => `${name} = metric_resources.${name} + excluded.${name}`).join(', ')},
    ${highest.map((name) => `${name} = greatest(metric_resources.${name}, excluded.${name})`).join(', ')}`;

/** Adds samples of a process to what is there of their minutes; each minute is given once. */
export async function addResources(
  statements: Statements,
  process: string,
  samples: readonly ResourceMinute[],
): Promise<void> {
  const rows = samples.map(resourceRow);
  const columns: Value[] = types.map((_, place) => rows.map((row) => row[place] ?? null));
  await statements.run(addSql, process, ...columns);
}

/** Deletes so many rows before a minute, of each kind. Returns how many there were. */
export async function pruneMinutes(statements: Statements, before: number, atMost: number): Promise<number> {
  const row = await statements.first(
    `WITH old_minutes AS (
        SELECT tenant, minute FROM metric_minutes WHERE minute < $1 ORDER BY minute LIMIT $2 FOR UPDATE SKIP LOCKED
      ), old_resources AS (
        SELECT minute, process FROM metric_resources WHERE minute < $1 ORDER BY minute LIMIT $2 FOR UPDATE SKIP LOCKED
      ), minutes AS (
        DELETE FROM metric_minutes USING old_minutes AS old
          WHERE metric_minutes.tenant = old.tenant AND metric_minutes.minute = old.minute RETURNING 1
      ), resources AS (
        DELETE FROM metric_resources USING old_resources AS old
          WHERE metric_resources.minute = old.minute AND metric_resources.process = old.process RETURNING 1
      ) SELECT (SELECT count(*) FROM minutes) + (SELECT count(*) FROM resources)`,
    before,
    atMost,
  );
  return Number(row?.[0] ?? 0);
}

import type { Happening } from '../../metrics/happening.ts';
import { MinuteTally } from '../../metrics/minute-tally.ts';
import type { TenantMinute } from '../../metrics/minute-tally.ts';
import { text, whole } from '../../rows/columns.ts';
import { happeningColumns, happeningsOf } from '../../rows/happening-row.ts';
import { minuteColumnNames, minuteColumns, minuteRow } from '../../rows/metric-row.ts';
import type { Row } from '../../rows/row.ts';
import type { Statements, Value } from '../database.ts';

/**
 * Nobody in a fleet sees all commits, so figures are counted from the journal, behind the place that `metric_counted` names.
 *
 * C1  Whoever counts holds the row of that place, and moves it in the same transaction: each record counts once.
 * C2  Only what is older than all that still write is counted: no place is passed over by a commit that came late.
 * C3  A record that is deleted above the place is counted by who deletes it, in the same transaction, holding the same row.
 */

/** What one round came to: whether more is left, or somebody else counts at the moment. */
export type Counted = 'some' | 'all' | 'busy';

/** Records that tell nothing are passed over without being read. */
const tells = `(journal.seq = 1 OR kind = 'status' AND type IN ('completed', 'failed', 'cancelled') OR kind = 'step' AND phase IN ('completed', 'failed'))`;

const above = '(xid, no) > ($1::xid8, $2::bigint)';

/** The last place of a slice, in a row of its own, and what its records tell. */
const sliceSql = `WITH slice AS MATERIALIZED (
    SELECT * FROM journal WHERE ${above} AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, no LIMIT $3
  ), last AS (SELECT xid, no, (SELECT count(*) FROM slice) AS length FROM slice ORDER BY xid DESC, no DESC LIMIT 1)
  SELECT ${happeningColumns}, NULL, NULL, NULL FROM slice AS journal WHERE ${tells}
  UNION ALL SELECT '', 0, 0, '', '', '', NULL, NULL, NULL, xid::text, no, length FROM last`;

/** Counts the next `limit` records, and says whether there may be more. */
export async function countSlice(statements: Statements, limit: number): Promise<Counted> {
  const place = await statements.first('SELECT xid::text, no FROM metric_counted WHERE id = 0 FOR UPDATE SKIP LOCKED');
  if (place === undefined) return 'busy';
  const rows = await statements.all(sliceSql, text(place[0]), whole(place[1]), limit);
  const last = rows.find((row) => row[9] !== null)?.slice(9);
  if (last === undefined) return 'all';
  await addMinutes(statements, tallied(rows.filter((row) => row[9] === null)));
  await statements.run('UPDATE metric_counted SET xid = $1::xid8, no = $2 WHERE id = 0', text(last[0]), whole(last[1]));
  return whole(last[2]) < limit ? 'all' : 'some';
}

/**
 * Counts what is not counted yet of executions that are about to be deleted in this transaction. They must be locked: nothing may
 * be written of them any more. To be called after that and before they are deleted; where no metrics are kept, not at all.
 */
export async function countBeforeDeletion(statements: Statements, executions: readonly number[]): Promise<void> {
  if (executions.length === 0) return;
  const place = await statements.first('SELECT xid::text, no FROM metric_counted WHERE id = 0 FOR UPDATE');
  const rows = await statements.all(
    `SELECT ${happeningColumns} FROM journal WHERE ${above} AND execution = ANY($3::bigint[]) AND ${tells}`,
    text(place?.[0]),
    whole(place?.[1]),
    executions,
  );
  await addMinutes(statements, tallied(rows));
}

/** Adds what stands in no journal: convoys that are deleted. They count where they stand until then. */
export async function countConvoys(
  statements: Statements,
  convoys: readonly Extract<Happening, { readonly kind: 'convoy created' | 'convoy ended' }>[],
): Promise<void> {
  const tally = new MinuteTally();
  for (const happening of convoys) tally.add(happening);
  await upsert(statements, sorted(tally), '');
}

function tallied(rows: readonly Row[]): MinuteTally {
  const tally = new MinuteTally();
  for (const row of rows) for (const happening of happeningsOf(row)) tally.add(happening);
  return tally;
}

/** Adds to the figures of minutes; to be called by who holds the place: histograms are merged here. */
async function addMinutes(statements: Statements, tally: MinuteTally): Promise<void> {
  const minutes = sorted(tally);
  if (minutes.length === 0) return;
  const stored = await statements.all(
    `SELECT tenant, minute, durations, latencies FROM metric_minutes
      JOIN unnest($1::text[], $2::bigint[]) AS asked (tenant, minute) USING (tenant, minute)`,
    minutes.map(({ tenant }) => tenant),
    minutes.map(({ minute }) => minute),
  );
  for (const [tenant, minute, durations, latencies] of stored) {
    const figures = tally.at(text(tenant), whole(minute));
    figures.durations.addEncoded(text(durations));
    figures.latencies.addEncoded(text(latencies));
  }
  await upsert(statements, minutes, 'durations = excluded.durations, latencies = excluded.latencies, ');
}

/** In one order, so that two who add wait for each other and not in a circle. */
function sorted(tally: MinuteTally): TenantMinute[] {
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...tally.minutes()].sort((a, b) => order(a.tenant, b.tenant) || a.minute - b.minute);
}

const counts = minuteColumns.slice(2, -2);
const types = ['text', ...Array<string>(counts.length + 1).fill('bigint'), 'text', 'text'];

async function upsert(statements: Statements, minutes: readonly TenantMinute[], histograms: string): Promise<void> {
  if (minutes.length === 0) return;
  const rows = minutes.map(minuteRow);
  const columns: Value[] = minuteColumns.map((_, place) => rows.map((row) => row[place] ?? null));
  await statements.run(
    `INSERT INTO metric_minutes (${minuteColumnNames})
      SELECT * FROM unnest(${types.map((type, place) => `$${place + 1}::${type}[]`).join(', ')})
      ON CONFLICT (tenant, minute) DO UPDATE SET ${histograms}
      ${counts.map((name) => `${name} = metric_minutes.${name} + excluded.${name}`).join(', ')}`,
    ...columns,
  );
}

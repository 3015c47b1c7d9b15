/**
 * Counts by plain SQL over the tables of PostgreSQL, and none of Squadra's own code, what the metrics of a fleet should be, and
 * holds it against what they are. The twin of `recounted-metrics.ts`.
 */

/** Rows as arrays of columns. */
export type Ask = (sql: string) => Promise<readonly (readonly unknown[])[]>;

/** Which attempts of steps count: those that ended here, not those that a fork took over. */
const steps = `journal WHERE kind = 'step' AND phase IN ('completed', 'failed')
  AND coalesce(data::json ->> 'details', '') NOT LIKE '{"forkedFrom":%'`;
const ends = (status: string): string => `journal WHERE kind = 'status' AND type = '${status}'`;
const sum = (field: string): string => `sum(coalesce((data::json -> 'usage' ->> '${field}')::bigint, 0))`;

/** By column: what it is the number of, by tenant and time. */
const figures: Readonly<Record<string, readonly [what: string, from: string]>> = {
  submitted: ['count(*)', '(SELECT tenant, created_at AS at FROM executions) AS submitted'],
  completed: ['count(*)', ends('completed')],
  failed: ['count(*)', ends('failed')],
  cancelled: ['count(*)', ends('cancelled')],
  steps: ['count(*)', steps],
  failed_steps: ['count(*)', `${steps} AND phase = 'failed'`],
  model_calls: ['count(*)', `${steps} AND type = 'model'`],
  failed_model_calls: ['count(*)', `${steps} AND type = 'model' AND phase = 'failed'`],
  input_tokens: [sum('inputTokens'), steps],
  output_tokens: [sum('outputTokens'), steps],
  cached_tokens: [sum('cachedTokens'), steps],
  cost_micro_usd: [sum('costMicroUsd'), steps],
  unpriced_calls: [sum('unpricedCalls'), steps],
};

/** By column: tenant, time and length of what is in the histogram. */
const lengths: Readonly<Record<string, string>> = {
  durations: `SELECT journal.tenant, at, at - created_at AS ms FROM journal JOIN executions ON executions.no = journal.execution
    WHERE kind = 'status' AND type IN ('completed', 'failed')`,
  latencies: `SELECT tenant, at, at - (SELECT max(sent.at) FROM journal AS sent WHERE sent.execution = ended.execution
      AND sent.key = ended.key AND sent.attempt = ended.attempt AND sent.phase = 'intent') AS ms
    FROM (SELECT * FROM ${steps}) AS ended WHERE type = 'model' AND phase = 'completed'`,
};

/** Every figure that is not what the tables say; empty when all are. The tables must hold all that was ever counted. */
export async function wrongPostgresMetrics(ask: Ask): Promise<string[]> {
  const wrong: string[] = [];
  for (const [column, [what, from]] of Object.entries(figures)) {
    const asked = `SELECT tenant || ' ' || (at / 60000), ${what} FROM ${from} GROUP BY 1`;
    const kept = `SELECT tenant || ' ' || minute, ${column} FROM metric_minutes`;
    wrong.push(...differences(column, await pairs(ask, kept), await pairs(ask, asked)));
  }
  for (const [column, from] of Object.entries(lengths)) {
    const bucket = 'CASE WHEN ms < 1 THEN 0 ELSE CAST(ceil(ln(ms::float8) / ln(1.05::float8)) AS INTEGER) + 1 END';
    const asked = `SELECT tenant || ' ' || (at / 60000) || ' ' || ${bucket}, count(*) FROM (${from}) AS found WHERE ms IS NOT NULL GROUP BY 1`;
    wrong.push(...differences(column, await keptBuckets(ask, column), await pairs(ask, asked)));
  }
  const totals = 'sum(input_tokens), sum(output_tokens), sum(cost_micro_usd), sum(unpriced_calls)';
  const [kept] = await ask(`SELECT ${totals} FROM metric_minutes`);
  const [stored] = await ask(`SELECT ${totals} FROM executions`);
  if (String(kept) !== String(stored)) wrong.push(`usage is ${String(kept)}, the executions say ${String(stored)}`);
  return wrong;
}

function differences(what: string, kept: ReadonlyMap<string, number>, asked: ReadonlyMap<string, number>): string[] {
  return [...new Set([...kept.keys(), ...asked.keys()])].flatMap((key) => {
    const [is, should] = [kept.get(key) ?? 0, asked.get(key) ?? 0];
    return is === should ? [] : [`${what} of ${key} is ${is}, not ${should}`];
  });
}

async function pairs(ask: Ask, sql: string): Promise<Map<string, number>> {
  return new Map((await ask(sql)).map(([key, value]) => [String(key), Number(value)]));
}

/** Histograms hold bucket and count in turn. */
async function keptBuckets(ask: Ask, column: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const [place, cell] of await ask(`SELECT tenant || ' ' || minute, ${column} FROM metric_minutes`)) {
    const histogram = JSON.parse(String(cell)) as readonly number[];
    for (let at = 0; at < histogram.length; at += 2)
      found.set(`${String(place)} ${histogram[at]}`, histogram[at + 1] ?? 0);
  }
  return found;
}

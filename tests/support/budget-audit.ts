import { DatabaseSync } from 'node:sqlite';

/** What counts against a budget in one of its periods, as the ledger has it and as the rows of the calls have it. */
export interface AuditLine {
  readonly budget: string;
  readonly spentMicroUsd: number;
  readonly spentTokens: number;
  readonly reservedMicroUsd: number;
  readonly reservedTokens: number;
}

/**
 * Reads a state file with statements of its own. `ledger`: what the product keeps. `calls`: summed from the journal, where
 * each call is an intent with its reservation and the record that ended it, from the period on in which the budget was set.
 * Equal, whatever happened.
 */
export function auditBudgets(path: string): { readonly ledger: AuditLine[]; readonly calls: AuditLine[] } {
  const database = new DatabaseSync(path, { readOnly: true });
  const read = (sql: string): AuditLine[] =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }) as unknown as AuditLine);
  try {
    const ledger =
      read(`SELECT scope || ' ' || period || ' ' || name AS budget, spent_micro_usd AS spentMicroUsd, spent_tokens AS spentTokens,
        reserved_micro_usd AS reservedMicroUsd, reserved_tokens AS reservedTokens
      FROM budgets JOIN budget_periods ON budget = no ORDER BY scope, scope_id, period, name`);
    const calls = read(callsSql);
    return { ledger, calls };
  } finally {
    database.close();
  }
}

/** An intent without an end is in flight and counts with its reservation; an end counts with its usage, when its call left. */
const callsSql = `
  WITH intents AS (
    SELECT journal.execution, key, attempt, at, json_extract(json_extract(data, '$.details'), '$.reservation') AS reservation
      FROM journal WHERE kind = 'step' AND type = 'model' AND phase = 'intent'
  ), ends AS (
    SELECT journal.execution, key, attempt, json_extract(data, '$.usage') AS usage
      FROM journal WHERE kind = 'step' AND type = 'model' AND phase IN ('completed', 'failed')
  ), calls AS (
    SELECT executions.*, intents.at AS left_at, reservation, usage, ends.key IS NULL AS is_open
      FROM intents JOIN executions ON executions.no = intents.execution LEFT JOIN ends USING (execution, key, attempt)
  ), charged AS (
    SELECT budgets.no AS budget, scope, scope_id, period, CASE period WHEN 'day' THEN date(left_at / 1000, 'unixepoch')
        WHEN 'month' THEN strftime('%Y-%m', left_at / 1000, 'unixepoch') ELSE '' END AS name, calls.*
      FROM calls JOIN budgets ON budgets.tenant = calls.tenant AND budgets.scope_id =
        CASE scope WHEN 'execution' THEN calls.id WHEN 'squad' THEN calls.squad_id WHEN 'user' THEN calls.user_id ELSE calls.tenant END
  )
  SELECT scope || ' ' || period || ' ' || name AS budget,
      coalesce(sum(CASE WHEN NOT is_open THEN json_extract(usage, '$.costMicroUsd') END), 0) AS spentMicroUsd,
      coalesce(sum(CASE WHEN NOT is_open THEN json_extract(usage, '$.inputTokens') + json_extract(usage, '$.outputTokens') END), 0) AS spentTokens,
      coalesce(sum(CASE WHEN is_open THEN json_extract(reservation, '$.costMicroUsd') END), 0) AS reservedMicroUsd,
      coalesce(sum(CASE WHEN is_open THEN json_extract(reservation, '$.inputTokens') + json_extract(reservation, '$.outputTokens') END), 0) AS reservedTokens
    FROM charged WHERE name >= (SELECT min(name) FROM budget_periods WHERE budget_periods.budget = charged.budget)
    GROUP BY charged.budget, name ORDER BY scope, scope_id, period, name`;

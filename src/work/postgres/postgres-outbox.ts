import type { Clock } from '../../kernel/clock.ts';
import type { Outbox, OutboxCounts, OutboxRow, TakenRows } from '../outbox.ts';
import type { Row } from '../rows/row.ts';
import type { Database, Transaction } from './database.ts';
import { fairShares } from './fair-shares.ts';
import type { TenantLoad } from './fair-shares.ts';

export interface OutboxSettings {
  /** Executions that the engine of the whole fleet has in hand: handed over and not claimed yet, or being advanced. */
  readonly maxInFlight: number;
}

/** Long enough to hand a batch over and to say so; whoever dies meanwhile holds its rows up for that long. */
const leaseMs = 10_000;
/** The engine claims what it has when it comes to its turn; after so long it is asked whether it still has it. */
const handedAgainMs = 60_000;
/** What is in hand is counted this often at most, and where there seems to be no room, before it is said that there is none. */
const countEveryMs = 250;
const countFullEveryMs = 15;
/** Counting takes this part of the time at most: with much in hand it is dear, and a little more room makes no difference then. */
const shareOfTime = 1 / 20;
/** Tenants that are looked at in one go. */
const maxTenants = 256;

interface HandoverRow {
  readonly room: number;
  readonly countedAt: number;
  readonly lastTenant: string;
}

/**
 * The outbox of a fleet.
 *
 * O1  Who takes holds the row of `handover` until it has committed, so that all processes together stay within `maxInFlight`.
 * O2  In hand grows only by taking. So after a count the number of those that may be taken is known until the next one.
 * O3  The order is found by the index: of each tenant that has something waiting only as much is looked at as it may get.
 */
export class PostgresOutbox implements Outbox {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  /** How long the last count of this process took. */
  #countMs = 0;

  constructor(database: Database, clock: Clock, { maxInFlight }: OutboxSettings) {
    this.#database = database;
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
  }

  take(atMost: number): Promise<TakenRows> {
    return this.#database.transaction(async (statements) => {
      const row = await statements.first(
        'SELECT room, counted_at, last_tenant FROM handover WHERE one = 1 FOR UPDATE SKIP LOCKED',
      );
      if (row === undefined) return { rows: [], left: 'busy' };
      const found = { room: Number(row[0]), countedAt: Number(row[1]), lastTenant: String(row[2]) };
      return this.#takeFairly(statements, found, atMost);
    });
  }

  async takeOverdue(atMost: number): Promise<readonly OutboxRow[]> {
    const now = this.#clock.now();
    const rows = await this.#database.transaction(async (statements) => {
      // What has ended meanwhile is nobody's business any more. Nobody waits here for who claims, nor the other way round for long.
      await statements.run(
        `DELETE FROM outbox WHERE no = ANY(ARRAY(SELECT o.no FROM outbox o JOIN executions e ON e.no = o.execution
          WHERE o.handed_at IS NOT NULL AND o.due_at <= $1 AND e.status IN ('completed', 'failed', 'cancelled')
          ORDER BY o.due_at LIMIT $2 FOR UPDATE OF o SKIP LOCKED))`,
        now,
        atMost,
      );
      return statements.all(
        `UPDATE outbox SET due_at = $2 FROM (SELECT no FROM outbox WHERE handed_at IS NOT NULL AND due_at <= $1
            ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS overdue
          WHERE outbox.no = overdue.no RETURNING ${columns}`,
        now,
        now + leaseMs,
        atMost,
      );
    });
    return rows.map(outboxRow);
  }

  async handed(nos: readonly number[]): Promise<void> {
    await this.defer(nos, this.#clock.now() + handedAgainMs);
  }

  /** One that somebody else holds is being claimed, or was taken by another. */
  async defer(nos: readonly number[], until: number): Promise<void> {
    await this.#database.transaction((statements) =>
      statements.run(
        `UPDATE outbox SET due_at = $2 FROM (SELECT no FROM outbox WHERE no = ANY($1::bigint[]) ORDER BY no FOR UPDATE SKIP LOCKED) AS mine
          WHERE outbox.no = mine.no`,
        nos,
        until,
      ),
    );
  }

  async counts(): Promise<OutboxCounts> {
    const row = await this.#database.transaction(async (statements) => {
      await clearingIndexes(statements);
      return statements.first(
        `SELECT count(*) FILTER (WHERE is_start = 1), count(*) FILTER (WHERE handed_at IS NULL),
          (SELECT taken FROM handover WHERE one = 1), (SELECT count(*) FROM executions WHERE status = 'running') FROM outbox`,
      );
    });
    const [queued, ready, taken, running] = (row ?? []).map(Number);
    return { queued: queued ?? 0, ready: ready ?? 0, taken: taken ?? 0, running: running ?? 0 };
  }

  async #takeFairly(statements: Transaction, found: HandoverRow, atMost: number): Promise<TakenRows> {
    const tenants = await waitingTenants(statements, found.lastTenant);
    if (tenants.length === 0) return { rows: [], left: 'none' };
    const now = this.#clock.now();
    const age = now - found.countedAt;
    const restMs = Math.max(found.room < atMost ? countFullEveryMs : countEveryMs, this.#countMs / shareOfTime);
    const inFlight = age < 0 || age >= restMs ? await this.#count(statements) : null;
    const room = inFlight === null ? found.room : Math.max(0, this.#maxInFlight - sumOf(inFlight));
    const countedAt = inFlight === null ? found.countedAt : now;
    const shares = fairShares(
      tenants.map((tenant): TenantLoad => ({ tenant, inFlight: inFlight?.get(tenant) ?? 0 })),
      Math.min(room, atMost),
    );
    const rows = shares.size === 0 ? [] : await taken(statements, shares, now);
    const starts = rows.filter((row) => Number(row[4]) === 1).length;
    const isCut = shares.size < tenants.length || tenants.length === maxTenants;
    await statements.run(
      'UPDATE handover SET room = $1, counted_at = $2, taken = taken + $3, last_tenant = $4 WHERE one = 1',
      room - rows.length,
      countedAt,
      starts,
      isCut ? lastOf(tenants, shares, found.lastTenant) : '',
    );
    if (room - rows.length <= 0) return { rows: rows.map(outboxRow), left: 'full' };
    return { rows: rows.map(outboxRow), left: isCut || someGotAll(shares, rows) ? 'more' : 'none' };
  }

  async #count(statements: Transaction): Promise<Map<string, number>> {
    const begun = this.#clock.now();
    const counted = await loads(statements);
    this.#countMs = Math.max(0, this.#clock.now() - begun);
    return counted;
  }
}

const columns = 'outbox.no, outbox.tenant, outbox.execution_id, outbox.priority, outbox.is_start';

function outboxRow([no, tenant, executionId, priority]: Row): OutboxRow {
  return { no: Number(no), tenant: String(tenant), executionId: String(executionId), priority: Number(priority) };
}

/** Tenants with rows that wait, those behind `after` first; each costs one look into the index. */
async function waitingTenants(statements: Transaction, after: string): Promise<string[]> {
  const scan = (from: string, atMost: number): Promise<readonly Row[]> =>
    statements.all(
      `WITH RECURSIVE found (tenant, place) AS (
        (SELECT tenant, 1 FROM outbox WHERE handed_at IS NULL AND tenant > $1 ORDER BY tenant LIMIT 1)
        UNION ALL
        SELECT (SELECT o.tenant FROM outbox o WHERE o.handed_at IS NULL AND o.tenant > found.tenant ORDER BY o.tenant LIMIT 1),
          place + 1 FROM found WHERE tenant IS NOT NULL AND place < $2
      ) SELECT tenant FROM found WHERE tenant IS NOT NULL`,
      from,
      atMost,
    );
  const behind = (await scan(after, maxTenants)).map((row) => String(row[0]));
  if (after === '' || behind.length >= maxTenants) return behind;
  const before = (await scan('', maxTenants - behind.length)).map((row) => String(row[0]));
  return [...behind, ...before.filter((tenant) => tenant <= after)];
}

/**
 * Has what is counted in this transaction read through its index entry by entry. Executions pass through the index of those that
 * are not over, and leave an entry at each change; a plain reader marks those that are dead for all who come after, a bitmap does
 * not, and would read more of them each time until the next vacuum.
 */
async function clearingIndexes(statements: Transaction): Promise<void> {
  await statements.first("SELECT set_config('enable_bitmapscan', 'off', true)");
}

/** What each tenant has in hand. */
async function loads(statements: Transaction): Promise<Map<string, number>> {
  await clearingIndexes(statements);
  const rows = await statements.all(
    `SELECT tenant, count(*) FROM (
      SELECT tenant FROM outbox WHERE handed_at IS NOT NULL UNION ALL SELECT tenant FROM executions WHERE status = 'running'
    ) AS in_hand GROUP BY tenant`,
  );
  return new Map(rows.map((row) => [String(row[0]), Number(row[1])]));
}

function taken(statements: Transaction, shares: ReadonlyMap<string, number>, now: number): Promise<readonly Row[]> {
  return statements.all(
    `UPDATE outbox SET handed_at = $3, due_at = $4 FROM unnest($1::text[], $2::bigint[]) AS shares (tenant, share)
      CROSS JOIN LATERAL (SELECT o.no FROM outbox o WHERE o.handed_at IS NULL AND o.tenant = shares.tenant
        ORDER BY o.priority DESC, o.no LIMIT shares.share FOR UPDATE SKIP LOCKED) AS picked
      WHERE outbox.no = picked.no RETURNING ${columns}`,
    [...shares.keys()],
    [...shares.values()],
    now,
    now + leaseMs,
  );
}

function sumOf(inFlight: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of inFlight.values()) sum += count;
  return sum;
}

/** Who got less than its share has nothing left. */
function someGotAll(shares: ReadonlyMap<string, number>, rows: readonly Row[]): boolean {
  const got = new Map<string, number>();
  for (const [, tenant] of rows) got.set(String(tenant), (got.get(String(tenant)) ?? 0) + 1);
  return [...shares].some(([tenant, share]) => (got.get(tenant) ?? 0) >= share);
}

/** The last of the tenants, in their order, that got something. */
function lastOf(tenants: readonly string[], shares: ReadonlyMap<string, number>, otherwise: string): string {
  return tenants.findLast((tenant) => shares.has(tenant)) ?? otherwise;
}

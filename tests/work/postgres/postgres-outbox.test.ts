import { describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { Database } from '../../../src/work/postgres/database.ts';
import { fairShares } from '../../../src/work/postgres/fair-shares.ts';
import { migrate } from '../../../src/work/postgres/migrations.ts';
import { PostgresOutbox } from '../../../src/work/postgres/postgres-outbox.ts';
import { ownDatabase } from '../../support/postgres-database.ts';
import { testSettings } from './open-state.ts';

const leaseMs = 10_000;

/** An outbox of several processes, and what puts rows into it. */
class Rig implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly database: Database;
  readonly #drop: () => Promise<void>;

  constructor(database: Database, drop: () => Promise<void>) {
    this.database = database;
    this.#drop = drop;
  }

  static async open(): Promise<Rig> {
    const own = await ownDatabase();
    const database = new Database({ ...testSettings, databaseUrl: own.url });
    await migrate(database);
    return new Rig(database, async () => {
      await database[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    });
  }

  outbox(maxInFlight: number): PostgresOutbox {
    return new PostgresOutbox(this.database, this.clock, { maxInFlight });
  }

  /** Puts rows for executions of these ids into the outbox, the first one first. */
  async add(tenant: string, ids: readonly string[], priority = 0): Promise<void> {
    await this.database.run(
      `INSERT INTO outbox (execution, execution_id, tenant, priority, is_start, created_at)
        SELECT 0, id, $2, $3, 1, 0 FROM unnest($1::text[]) WITH ORDINALITY AS given (id, place) ORDER BY place`,
      ids,
      tenant,
      priority,
    );
  }

  /** What a claim does. */
  async claim(ids: readonly string[]): Promise<void> {
    await this.database.run('DELETE FROM outbox WHERE execution_id = ANY($1::text[])', ids);
  }

  /** An execution in a status. */
  async execution(tenant: string, id: string, status: string): Promise<void> {
    await this.database.run(
      `INSERT INTO executions (tenant, id, status, priority, workflow, created_at, is_request, metadata, input)
        VALUES ($1, $2, $3, 0, 'w', 0, 0, 'null', 'null')`,
      tenant,
      id,
      status,
    );
    await this.database.run(
      'UPDATE outbox SET execution = e.no FROM executions e WHERE e.id = outbox.execution_id AND e.id = $1',
      id,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#drop();
  }
}

const many = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, place) => `${prefix}${String(place).padStart(6, '0')}`);
const idsOf = ({ rows }: { readonly rows: readonly { readonly executionId: string }[] }): string[] =>
  rows.map(({ executionId }) => executionId).sort();

describe('the shares of tenants', () => {
  it('fill up those that have the least first, until all have the same', () => {
    const tenants = [
      { tenant: 'a', inFlight: 10 },
      { tenant: 'b', inFlight: 0 },
      { tenant: 'c', inFlight: 3 },
    ];
    const shares = (places: number) => Object.fromEntries(fairShares(tenants, places));
    expect(shares(0)).toEqual({});
    expect(shares(2)).toEqual({ b: 2 });
    expect(shares(5)).toEqual({ b: 4, c: 1 });
    expect(shares(17)).toEqual({ b: 10, c: 7 });
    expect(shares(21)).toEqual({ a: 1, b: 12, c: 8 });
  });
});

describe('the outbox', () => {
  it('gives each row once, whoever asks at the same time', async () => {
    await using rig = await Rig.open();
    await rig.add('t', many('x', 100));
    const boxes = Array.from({ length: 4 }, () => rig.outbox(1_000));
    const got: string[] = [];
    for (let turn = 0; turn < 20; turn++) {
      const taken = await Promise.all(boxes.map((outbox) => outbox.take(10)));
      got.push(...taken.flatMap(idsOf));
    }
    expect(got.sort()).toEqual(many('x', 100));
    expect(await rig.outbox(1_000).take(10)).toEqual({ rows: [], left: 'none' });
  });

  it('gives by priority, then by age, within a tenant', async () => {
    await using rig = await Rig.open();
    await rig.add('t', ['old', 'new']);
    await rig.add('t', ['urgent'], 5);
    await rig.add('t', ['later'], -5);
    const outbox = rig.outbox(10);
    const order: string[] = [];
    for (let turn = 0; turn < 4; turn++) order.push(...idsOf(await outbox.take(1)));
    expect(order).toEqual(['urgent', 'old', 'new', 'later']);
  });

  it('gives the one of a tenant that has one beside the thousand of another', async () => {
    await using rig = await Rig.open();
    await rig.add('many', many('m', 1_000));
    await rig.add('one', ['only']);
    const outbox = rig.outbox(4);
    const first = await outbox.take(100);
    expect(idsOf(first)).toEqual(['m000000', 'm000001', 'only']);
    expect(first.left).toBe('more');
    // What the one does not need, the other gets.
    const second = await outbox.take(100);
    expect(idsOf(second)).toEqual(['m000002']);
    expect(second.left).toBe('full');
  });

  it('counts what a tenant has in hand as part of its share', async () => {
    await using rig = await Rig.open();
    await rig.add('many', many('m', 1_000));
    const outbox = rig.outbox(10);
    expect((await outbox.take(10)).rows).toHaveLength(10);
    await rig.add('other', many('o', 1_000));
    rig.clock.set(rig.clock.now() + 1_000);
    await rig.claim(['m000000', 'm000001', 'm000002', 'm000003']);
    const next = await outbox.take(10);
    expect(idsOf(next)).toEqual(['o000000', 'o000001', 'o000002', 'o000003']);
    rig.clock.set(rig.clock.now() + 1_000);
    await rig.claim(['m000004', 'm000005']);
    expect((await outbox.take(10)).rows.map(({ tenant }) => tenant).sort()).toEqual(['many', 'other']);
  });

  it('gives all tenants their turn when there are more of them than places', async () => {
    await using rig = await Rig.open();
    const tenants = many('t', 7);
    for (const tenant of tenants) await rig.add(tenant, many(`${tenant}-`, 3));
    const outbox = rig.outbox(1_000);
    const turns: string[] = [];
    for (let turn = 0; turn < 7; turn++) turns.push(...(await outbox.take(3)).rows.map(({ tenant }) => tenant));
    expect(turns).toHaveLength(21);
    for (let end = 7; end <= 21; end += 7) expect(new Set(turns.slice(end - 7, end)).size).toBe(7);
  });

  it('never has more in hand than may be, whoever takes: handed over and unclaimed, or running', async () => {
    await using rig = await Rig.open();
    await rig.add('t', many('x', 50));
    for (const id of ['r1', 'r2', 'r3']) await rig.execution('t', id, 'running');
    const boxes = Array.from({ length: 4 }, () => rig.outbox(8));
    let inHand = 0;
    for (let turn = 0; turn < 5; turn++) {
      const taken = await Promise.all(boxes.map((outbox) => outbox.take(100)));
      inHand += taken.reduce((sum, { rows }) => sum + rows.length, 0);
    }
    expect(inHand).toBe(5);
    expect((await boxes[0]?.take(100))?.left).toBe('full');
    await rig.claim(many('x', 2));
    rig.clock.set(rig.clock.now() + 1_000);
    expect((await boxes[0]?.take(100))?.rows).toHaveLength(2);
  });

  it('gives again what was taken by somebody who did not hand it over, and what was handed over and not claimed', async () => {
    await using rig = await Rig.open();
    await rig.add('t', ['lost', 'handed', 'claimed']);
    const outbox = rig.outbox(10);
    const { rows } = await outbox.take(10);
    const numberOf = (id: string): number => rows.find(({ executionId }) => executionId === id)?.no ?? 0;
    await outbox.handed([numberOf('handed'), numberOf('claimed')]);
    await rig.claim(['claimed']);
    expect(await outbox.takeOverdue(10)).toEqual([]);
    rig.clock.set(rig.clock.now() + leaseMs);
    expect((await outbox.takeOverdue(10)).map(({ executionId }) => executionId)).toEqual(['lost']);
    expect(await outbox.takeOverdue(10)).toEqual([]);
    rig.clock.set(rig.clock.now() + 60_000);
    expect((await outbox.takeOverdue(10)).map(({ no }) => no).sort((a, b) => a - b)).toEqual(
      [numberOf('lost'), numberOf('handed')].sort((a, b) => a - b),
    );
    await rig.claim(['handed']);
    await outbox.defer([numberOf('lost')], rig.clock.now() + 50);
    rig.clock.set(rig.clock.now() + 50);
    expect((await outbox.takeOverdue(10)).map(({ executionId }) => executionId)).toEqual(['lost']);
  });

  it('forgets what has ended without having been claimed', async () => {
    await using rig = await Rig.open();
    await rig.add('t', ['gone', 'there']);
    await rig.execution('t', 'gone', 'cancelled');
    await rig.execution('t', 'there', 'queued');
    const outbox = rig.outbox(10);
    await outbox.take(10);
    rig.clock.set(rig.clock.now() + leaseMs);
    expect((await outbox.takeOverdue(10)).map(({ executionId }) => executionId)).toEqual(['there']);
    expect(await rig.database.all('SELECT execution_id FROM outbox')).toEqual([['there']]);
  });

  it('counts what is queued, what waits to be handed over, and what was taken', async () => {
    await using rig = await Rig.open();
    await rig.add('t', many('x', 5));
    await rig.execution('t', 'r', 'running');
    const outbox = rig.outbox(3);
    await outbox.take(10);
    await rig.claim(['x000000']);
    expect(await outbox.counts()).toEqual({ queued: 4, ready: 3, taken: 2, running: 1 });
  });

  it('takes from a long line by its index', async () => {
    await using rig = await Rig.open();
    await rig.add('a', many('a', 20_000));
    await rig.add('b', many('b', 20_000));
    await rig.database.run('ANALYZE outbox');
    const plan = await rig.database.all(
      `EXPLAIN SELECT o.no FROM outbox o WHERE o.handed_at IS NULL AND o.tenant = 'a' ORDER BY o.priority DESC, o.no LIMIT 10`,
    );
    expect(plan.flat().join('\n')).toMatch(/Index.* using outbox_waiting/);
    expect(plan.flat().join('\n')).not.toContain('Sort');
    expect((await rig.outbox(100).take(100)).rows).toHaveLength(100);
  });
});

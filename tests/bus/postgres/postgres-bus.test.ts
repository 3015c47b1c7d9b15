import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveText } from '../../../src/bus/live-text.ts';
import type { BusDatabase } from '../../../src/bus/postgres/bus-database.ts';
import { PostgresBus } from '../../../src/bus/postgres/postgres-bus.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { Database } from '../../../src/work/postgres/database.ts';
import { migrate } from '../../../src/work/postgres/migrations.ts';
import { busContract, delta, Heard } from '../../contracts/bus-contract.ts';
import { ownDatabase } from '../../support/postgres-database.ts';
import type { OwnDatabase } from '../../support/postgres-database.ts';

const settings = { databaseConnections: 3, databaseTimeoutMs: 10_000 };

/** A database whose statements can be made to fail, and are kept. */
class FickleDatabase implements BusDatabase {
  isAway = false;
  readonly statements: string[] = [];
  readonly #database: BusDatabase;

  constructor(database: BusDatabase) {
    this.#database = database;
  }

  run: BusDatabase['run'] = async (sql, ...values) => {
    this.#note(sql);
    return this.#database.run(sql, ...values);
  };

  all: BusDatabase['all'] = async (sql, ...values) => {
    this.#note(sql);
    return this.#database.all(sql, ...values);
  };

  #note(sql: string): void {
    this.statements.push(sql);
    if (this.isAway) throw new Error('The database is away.');
  }
}

describe('the bus over PostgreSQL', () => {
  let own: OwnDatabase;
  let database: Database;
  const clock = systemClock;
  beforeAll(async () => {
    own = await ownDatabase();
    database = new Database({ ...settings, databaseUrl: own.url });
    await migrate(database);
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  const open = (given: BusDatabase = database): PostgresBus =>
    new PostgresBus({ database: given, clock, process: randomUUID() });
  const one = (): { readonly tenant: string; readonly executionId: string } => ({
    tenant: randomUUID(),
    executionId: randomUUID(),
  });

  busContract(async () => {
    const [here, there] = [open(), open()];
    return {
      here,
      there,
      [Symbol.asyncDispose]: async () => {
        await here[Symbol.asyncDispose]();
        await there[Symbol.asyncDispose]();
      },
    };
  });

  it('tells its own process at once', async () => {
    await using bus = open();
    const event = { kind: 'committed', ...one() } as const;
    const heard = new Heard();
    bus.subscribe(event.executionId, heard.listen);
    bus.publish(event);
    expect(heard.events).toEqual([event]);
  });

  it('tells who comes late what a call in another process has said so far, and what it says then', async () => {
    await using here = open();
    await using there = open();
    const { executionId } = one();
    const live = new LiveText(here, clock, { maxLiveTextBytes: 1_000 });
    const call = { executionId, stepKey: 'a/model/1', attempt: 1 };
    live.add({ ...call, offset: 0, text: 'Before anybody came.' });
    const [first, second] = [new Heard(), new Heard()];
    there.subscribe(executionId, first.listen);
    await first.until(() => first.text === 'Before anybody came.');
    live.add({ ...call, offset: 20, text: ' More.' });
    await first.until(() => first.text.endsWith(' More.'));
    // Another one of the same process.
    there.subscribe(executionId, second.listen);
    await second.until(() => second.text === 'Before anybody came. More.');
    live.end(call);
    expect(first.text).toBe(second.text);
  });

  it('sends no text to nobody', async () => {
    await using here = open();
    const { executionId } = one();
    const before = Number((await database.first('SELECT count(*) FROM live_events'))?.[0]);
    here.publish({ kind: 'delta', executionId, delta: delta(executionId, 0, 'To nobody.') });
    await here[Symbol.asyncDispose]();
    expect(Number((await database.first('SELECT count(*) FROM live_events'))?.[0])).toBe(before);
  });

  it('asks the database for nothing while nobody listens', async () => {
    const own = new TestClock();
    const watched = new FickleDatabase(database);
    await using bus = new PostgresBus({ database: watched, clock: own, process: randomUUID() });
    const reads = (): number => watched.statements.filter((sql) => /^\(?SELECT/.test(sql)).length;
    bus.publish({ kind: 'committed', ...one() });
    while (bus.statistics().written === 0) await own.advance(25);
    expect(reads()).toBe(0);
    const heard = new Heard();
    const leave = bus.subscribe(randomUUID(), heard.listen);
    while (heard.events.length === 0) await own.advance(25);
    expect(reads()).toBeGreaterThan(0);
    leave();
    while (own.timers > 0) await own.advance(25);
    const before = reads();
    await own.advance(60_000);
    expect(reads()).toBe(before);
  });

  it('writes what comes together as one row, each execution once and text joined', async () => {
    await using here = open();
    await using there = open();
    const { tenant, executionId } = one();
    const heard = new Heard();
    there.subscribe(executionId, heard.listen);
    here.publish({ kind: 'delta', executionId, delta: delta(executionId, 0, 'x') });
    here.answerWith((asked) => (asked === executionId ? [{ ...delta(asked, 0, 'x'), event: 'text-so-far' }] : []));
    await heard.until(() => heard.text === 'x');
    const { written } = here.statistics();
    for (let at = 1; at <= 50; at++) {
      here.publish({ kind: 'delta', executionId, delta: delta(executionId, at, 'y') });
      here.publish({ kind: 'committed', tenant, executionId });
    }
    await heard.until(() => heard.has('committed', executionId));
    expect(heard.events.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(heard.text).toBe(`x${'y'.repeat(50)}`);
    expect(here.statistics().written).toBe(written + 1);
  });

  it('hears what was written before and committed after', async () => {
    await using there = open();
    const { tenant, executionId } = one();
    const heard = new Heard();
    there.subscribe(executionId, heard.listen);
    await heard.until((events) => events.some(({ kind }) => kind === 'unsure'));
    const insert = `INSERT INTO live_events (process, is_request, at, body) VALUES ('slow', 0, extract(epoch FROM now()) * 1000, $1)`;
    const body = (id: string): string => JSON.stringify([['committed', tenant, [id]]]);
    const fast = randomUUID();
    const ofFast = new Heard();
    there.subscribe(fast, ofFast.listen);
    await database.transaction(async (statements) => {
      await statements.run(insert, body(executionId));
      await database.run(insert, body(fast));
      await ofFast.until(() => ofFast.has('committed', fast));
      expect(heard.has('committed', executionId)).toBe(false);
    });
    await heard.until(() => heard.has('committed', executionId));
    expect(heard.events.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
  });

  it('says that it is unsure to who hears of nothing, so that no lost commit leaves a stream silent', async () => {
    const own = new TestClock();
    await using bus = new PostgresBus({ database, clock: own, process: randomUUID() });
    const heard = new Heard();
    bus.subscribe(randomUUID(), heard.listen);
    const begunAt = own.now();
    while (heard.events.length < 10) await own.advance(250);
    expect(new Set(heard.events.map(({ kind }) => kind))).toEqual(new Set(['unsure']));
    // Once when it began, and then every two seconds or three: not more often.
    expect(own.now() - begunAt).toBeGreaterThan(9 * 2_000 - 250);
  });

  it('goes on when the database was away, and says that something was lost', async () => {
    const [mine, theirs] = [new FickleDatabase(database), new FickleDatabase(database)];
    await using here = open(mine);
    await using there = open(theirs);
    const { tenant, executionId } = one();
    const heard = new Heard();
    there.subscribe(executionId, heard.listen);
    await heard.until((events) => events.some(({ kind }) => kind === 'unsure'));
    mine.isAway = true;
    here.publish({ kind: 'committed', tenant, executionId: randomUUID() });
    while (here.statistics().lost === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    for (let n = 0; n < 30_000; n++) here.publish({ kind: 'committed', tenant, executionId: `${tenant} ${n}` });
    expect(here.statistics().lost).toBeGreaterThan(19_000);
    theirs.isAway = true;
    const looks = theirs.statements.length;
    while (theirs.statements.length < looks + 2) await new Promise((resolve) => setTimeout(resolve, 20));
    const unsure = (): number => heard.events.filter(({ kind }) => kind === 'unsure').length;
    const before = unsure();
    mine.isAway = theirs.isAway = false;
    await heard.until(() => unsure() > before);
    here.publish({ kind: 'committed', tenant, executionId });
    await heard.until(() => heard.has('committed', executionId));
  });

  it('passes over kinds of events that it does not know', async () => {
    await using bus = open();
    const { tenant, executionId } = one();
    const heard = new Heard();
    bus.subscribe(executionId, heard.listen);
    await heard.until((events) => events.some(({ kind }) => kind === 'unsure'));
    await database.run(
      `INSERT INTO live_events (process, is_request, at, body) VALUES ('newer', 0, extract(epoch FROM now()) * 1000, $1)`,
      JSON.stringify([
        ['sung', executionId],
        ['committed', tenant, [executionId]],
      ]),
    );
    await heard.until(() => heard.has('committed', executionId));
    expect(new Set(heard.events.map(({ kind }) => kind))).toEqual(new Set(['unsure', 'committed']));
  });

  it('brings news to all other processes, says when some may be lost, and nothing to who announces', async () => {
    await using here = open();
    await using there = open();
    const [mine, theirs] = [new Set<string>(), new Set<string>()];
    const { promise, resolve } = Promise.withResolvers<void>();
    here.onNews((news) => mine.add(JSON.stringify(news)));
    const begun = Promise.withResolvers<void>();
    there.onNews((news) => {
      if (news.of === 'unsure') begun.resolve();
      theirs.add(JSON.stringify(news));
      if (news.of === 'revoked') resolve();
    });
    await begun.promise;
    here.announce({ of: 'key', hash: 'h' });
    here.announce({ of: 'revoked', id: 'k' });
    await promise;
    expect([...theirs]).toEqual(['{"of":"unsure"}', '{"of":"key","hash":"h"}', '{"of":"revoked","id":"k"}']);
    expect([...mine].filter((news) => news !== '{"of":"unsure"}')).toEqual([]);
  });

  it('removes rows that are too old, whether it reads or writes', async () => {
    const insert = `INSERT INTO live_events (process, is_request, at, body) SELECT 'old', 0, 5, '[]' FROM generate_series(1, 700)`;
    const old = async (): Promise<number> =>
      Number((await database.first("SELECT count(*) FROM live_events WHERE process = 'old'"))?.[0]);
    await database.run(insert);
    const own = new TestClock();
    await using writer = new PostgresBus({ database, clock: own, process: randomUUID() });
    while ((await old()) > 200) {
      writer.publish({ kind: 'committed', ...one() });
      await own.advance(6_000);
    }
    await using reader = new PostgresBus({ database, clock: own, process: randomUUID() });
    reader.subscribeTenant(randomUUID(), () => {});
    while ((await old()) > 0) await own.advance(6_000);
    expect(writer.statistics().lost).toBe(0);
  });
});

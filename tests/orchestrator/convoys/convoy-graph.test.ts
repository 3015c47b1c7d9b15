import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConvoyGraph } from '../../../src/orchestrator/convoys/convoy-graph.ts';
import type { ItemEnd } from '../../../src/orchestrator/convoys/course.ts';
import { convoyItemOf, convoyOf, newConvoyColumns, newConvoyItemColumns } from '../../../src/work/rows/convoy-row.ts';
import { migrate } from '../../../src/work/sqlite/migrations.ts';
import { convoyEffects } from '../../../src/work/sqlite/operations/convoy-effects.ts';
import { operations } from '../../../src/work/sqlite/operations/operations.ts';
import { queries } from '../../../src/work/sqlite/queries/queries.ts';
import { ConvoyModel } from './convoy-model.ts';
import type { PlannedItem } from './convoy-model.ts';

interface Plan {
  readonly items: readonly PlannedItem[];
  readonly stops: boolean;
  /** What happens next, as long as there is a choice. */
  readonly moves: readonly Move[];
}
interface Move {
  readonly starts: boolean;
  readonly which: number;
  readonly end: ItemEnd;
}

/** Items in any order, each needing some of those that come before it in another order: without a circle. */
const plans: fc.Arbitrary<Plan> = fc.record({
  items: fc.integer({ min: 1, max: 9 }).chain((count) =>
    fc
      .record({
        order: fc.shuffledSubarray(
          Array.from({ length: count }, (_, n) => n),
          { minLength: count },
        ),
        items: fc.array(
          fc.record({
            priority: fc.integer({ min: -2, max: 2 }),
            needs: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
          }),
          { minLength: count, maxLength: count },
        ),
      })
      .map(({ order, items }) =>
        order.map((n): PlannedItem => {
          const { priority = 0, needs = [] } = items[n] ?? {};
          const earlier = [...new Set(needs.filter((need) => need < n))];
          return { key: `item${n}`, priority, needs: earlier.map((need) => `item${need}`) };
        }),
      ),
  ),
  stops: fc.boolean(),
  moves: fc.array(
    fc.record({
      starts: fc.boolean(),
      which: fc.nat(),
      end: fc.constantFrom<ItemEnd>('completed', 'completed', 'completed', 'failed', 'cancelled'),
    }),
    { minLength: 20, maxLength: 20 },
  ),
});

/** The convoy of a plan, played in the graph, in the rows, and in the model. */
class Play {
  readonly #store: ReturnType<typeof openRows>;
  readonly #convoy: string;
  readonly #model: ConvoyModel;
  readonly #graph: ConvoyGraph;
  readonly #stops: boolean;

  constructor(store: ReturnType<typeof openRows>, { items, stops }: Plan) {
    this.#store = store;
    this.#stops = stops;
    this.#convoy = store.create(items, stops);
    this.#model = new ConvoyModel(items, stops);
    this.#graph = new ConvoyGraph(store.items(this.#convoy), 0);
  }

  move({ starts, which, end }: Move): void {
    const { running, next } = this.#model;
    if (next !== null && (starts || running.length === 0)) this.#start(next);
    else if (running.length > 0) this.#finish(running[which % running.length] ?? '', end);
    this.compare();
  }

  get isOver(): boolean {
    return this.#model.end !== 'running';
  }

  compare(): void {
    const rows = this.#store.items(this.#convoy);
    const expected = this.#model.items.map(({ key, status }) => [key, status]);
    deepEqual(
      rows.map(({ key, status }) => [key, status]),
      expected,
    );
    deepEqual(
      rows.map(({ id, key }) => [key, this.#graph.find(id)?.status]),
      expected,
    );
    // Built from the rows it says the same.
    for (const graph of [this.#graph, new ConvoyGraph(rows, 1)]) {
      equal(graph.next?.key ?? null, this.#model.next);
      equal(graph.isOver, this.isOver);
      for (const [status, count] of Object.entries(graph.counts))
        equal(expected.filter(([, has]) => has === status).length, count);
    }
    this.#compareReasons(rows.map(({ reason }) => reason ?? ''));
  }

  /** Who is cancelled is told for whose end; a convoy that ends, how, and which items failed. */
  #compareReasons(reasons: readonly string[]): void {
    for (const [place, { because }] of this.#model.items.entries())
      if (because !== null) match(reasons[place] ?? '', new RegExp(`'${because}'`));
    const { status, reason } = this.#store.convoy(this.#convoy);
    equal(status, this.#model.end);
    const failed = this.#model.items.filter((item) => item.status === 'failed');
    if (!this.isOver || failed.length === 0) return;
    match(reason ?? '', new RegExp(`^${failed.length} of ${reasons.length} items failed: `));
    ok(failed.length > 5 || failed.every(({ key }) => reason?.includes(`'${key}' (it broke)`)));
  }

  #start(key: string): void {
    const item = this.#graph.take();
    equal(item?.key, key);
    this.#model.start(key);
    ok(this.#store.start(this.#convoy, item?.id ?? '') !== null);
  }

  #finish(key: string, end: ItemEnd): void {
    this.#model.finish(key, end);
    const row = this.#store.items(this.#convoy).find((each) => each.key === key);
    const item = this.#graph.find(row?.id ?? '');
    if (item === undefined) throw new Error(`The graph has no ${key}.`);
    this.#graph.end(item, end, this.#stops, 0);
    this.#store.end(item.id, end);
  }
}

/** The statements of the writer on a file in memory. */
function openRows() {
  const database = new DatabaseSync(':memory:');
  migrate(database, ':memory:');
  const write = operations(database);
  const read = queries(database);
  const effects = convoyEffects(database);
  let made = 0;
  return {
    create: (items: readonly PlannedItem[], stops: boolean): string => {
      const id = `convoy${++made}`;
      const idOf = (key: string): string => `${id}-${key}`;
      const convoy = {
        id,
        userId: null,
        squadId: 'squad',
        squadVersion: 1,
        status: 'running',
        version: 1,
        parallelism: 'auto',
        limits: {},
        stopOnFirstFailure: stops,
        timeoutMs: null,
        deadlineAt: null,
        reason: null,
        parent: null,
        createdAt: 0,
        endedAt: null,
      } as const;
      const rows = items.map(({ key, priority, needs }) => ({
        id: idOf(key),
        key,
        memberId: 'member',
        priority,
        dependencies: needs.map(idOf),
        title: key,
        message: key,
      }));
      write.createConvoy(['local', newConvoyColumns(convoy), rows.map(newConvoyItemColumns), 0, null, null]);
      return id;
    },
    start: (convoy: string, item: string) =>
      write.startItem(['local', convoy, item, `execution-${++made}`, 'queued', 0]),
    end: (item: string, end: ItemEnd): void =>
      effects.childEnded('local', item, end, end === 'completed' ? null : 'it broke', 0),
    items: (id: string) => read.convoyItems({ tenant: 'local', id }).map(convoyItemOf),
    convoy: (id: string) => {
      const [row] = read.convoy({ tenant: 'local', id }).convoys;
      if (row === undefined) throw new Error(`There is no ${id}.`);
      return convoyOf(row);
    },
    [Symbol.dispose]: () => database.close(),
  };
}

it('a convoy goes as its rules say, whatever happens in whichever order: in memory, in the rows, and rebuilt from them', () => {
  using store = openRows();
  let ended = 0;
  fc.assert(
    fc.property(plans, (plan) => {
      const play = new Play(store, plan);
      play.compare();
      for (const move of plan.moves) play.move(move);
      if (play.isOver) ended++;
    }),
    { numRuns: 200 },
  );
  // Most come to their end, so that ends were looked at.
  expect(ended).toBeGreaterThan(100);
});

it('a start that did not come about is made up for, and one that is stored already is not made again', () => {
  using store = openRows();
  const needs: readonly string[] = [];
  const convoy = store.create(
    [
      { key: 'low', priority: 0, needs },
      { key: 'high', priority: 1, needs },
    ],
    false,
  );
  const graph = new ConvoyGraph(store.items(convoy), 0);
  const first = graph.take();
  expect([first?.key, graph.next?.key]).toEqual(['high', 'low']);
  if (first !== undefined) graph.putBack(first, 5);
  expect([graph.next?.key, graph.next?.readyAt]).toEqual(['high', 5]);
  const next = graph.next;
  if (next !== undefined) graph.started(next);
  expect(graph.next?.key).toBe('low');
});

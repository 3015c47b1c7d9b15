import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairQueue, pop, push } from '../../src/flow/fair-queue.ts';
import type { Queued } from '../../src/flow/fair-queue.ts';

/** Ids in the order of `place`, as ids are ordered by time. */
function item(tenant: string, place: number, priority = 0): Queued {
  return { tenant, id: `${tenant}-${String(place).padStart(6, '0')}`, priority };
}

function takeAll(queue: FairQueue<Queued>): string[] {
  const taken: string[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next.id);
  return taken;
}

describe('a fair queue', () => {
  it('gives a tenant with one item its turn at once, though another has a thousand waiting', () => {
    const queue = new FairQueue<Queued>();
    for (let place = 0; place < 1_000; place++) queue.add(item('many', place));
    for (let turn = 0; turn < 10; turn++) queue.take();
    queue.add(item('one', 0));
    const next = [queue.take()?.tenant, queue.take()?.tenant];
    expect(next).toContain('one');
  });

  it('does not let a tenant that always has one item waiting take every turn', () => {
    const queue = new FairQueue<Queued>();
    for (let place = 0; place < 100; place++) queue.add(item('many', place));
    const turns: string[] = [];
    for (let place = 0; place < 40; place++) {
      queue.add(item('a-steady', place));
      turns.push(queue.take()?.tenant ?? '');
    }
    expect(turns.filter((tenant) => tenant === 'many')).toHaveLength(20);
  });

  it('lets nobody save up turns while it has nothing waiting', () => {
    const queue = new FairQueue<Queued>();
    for (let place = 0; place < 100; place++) queue.add(item('a', place));
    for (let turn = 0; turn < 50; turn++) queue.take();
    for (let place = 0; place < 100; place++) queue.add(item('b', place));
    const turns = Array.from({ length: 20 }, () => queue.take()?.tenant);
    expect(turns.filter((tenant) => tenant === 'a')).toHaveLength(10);
  });

  it('serves a tenant by priority first, then by age', () => {
    const queue = new FairQueue<Queued>();
    const items = [item('a', 1), item('a', 2, 10), item('a', 3, -5), item('a', 4, 10), item('a', 5)];
    for (const each of items) queue.add(each);
    expect(takeAll(queue)).toEqual(['a-000002', 'a-000004', 'a-000001', 'a-000005', 'a-000003']);
  });

  it('gives out everything that was added, once, and never nothing while something waits', () => {
    const action = fc.oneof(
      fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd'), priority: fc.integer({ min: -100, max: 100 }) }),
      fc.constant('take' as const),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const queue = new FairQueue<Queued>();
        const waiting = new Set<string>();
        const add = (added: Queued): void => {
          queue.add(added);
          waiting.add(added.id);
        };
        for (const [place, each] of actions.entries()) {
          const isRight =
            each === 'take'
              ? waiting.delete(queue.take()?.id ?? 'nothing') || waiting.size === 0
              : add(item(each.add, place, each.priority)) === undefined;
          expect({ isRight, size: queue.size }).toEqual({ isRight: true, size: waiting.size });
        }
        expect(takeAll(queue).sort()).toEqual([...waiting].sort());
      }),
    );
  });

  it('gives tenants that keep items waiting the same number of turns, whoever comes and goes beside them', () => {
    const arrival = fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 1, maxLength: 60 }), (arrivals) => {
        const queue = new FairQueue<Queued>();
        for (let place = 0; place < 200; place++) for (const tenant of ['p', 'q']) queue.add(item(tenant, place));
        const turns = new Map<string, number>();
        for (const [place, tenants] of arrivals.entries()) {
          for (const [n, tenant] of tenants.entries()) queue.add(item(tenant, 1_000 * place + n));
          const tenant = queue.take()?.tenant ?? '';
          turns.set(tenant, (turns.get(tenant) ?? 0) + 1);
        }
        const [p = 0, q = 0] = [turns.get('p'), turns.get('q')];
        expect(Math.abs(p - q)).toBeLessThanOrEqual(1);
        for (const tenant of ['x', 'y', 'z']) expect(turns.get(tenant) ?? 0).toBeLessThanOrEqual(Math.min(p, q) + 2);
      }),
    );
  });
});

describe('a heap', () => {
  it('gives back what was pushed in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap: number[] = [];
        for (const number of numbers) push(heap, number, (a, b) => a < b);
        const sorted = numbers.map(() => pop(heap, (a, b) => a < b));
        expect(sorted).toEqual(numbers.toSorted((a, b) => a - b));
        expect(pop(heap, (a, b) => a < b)).toBeUndefined();
      }),
    );
  });
});

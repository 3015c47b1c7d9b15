import { describe, expect, it } from 'vitest';
import { PassingMap } from '../../src/kernel/passing-map.ts';

describe('a passing map', () => {
  it('gives back what was set, until it is deleted', () => {
    const map = new PassingMap<string, { n: number }>();
    map.set('a', { n: 1 });
    map.set('b', { n: 2 });
    map.set('a', { n: 3 });
    expect([map.size, map.get('a'), map.get('b'), map.get('c')]).toEqual([2, { n: 3 }, { n: 2 }, undefined]);
    expect([map.delete('a'), map.delete('a'), map.has('a'), map.has('b'), map.get('a')]).toEqual([
      true,
      false,
      false,
      true,
      undefined,
    ]);
    expect(map.size).toBe(1);
    map.clear();
    expect([map.size, map.get('b')]).toEqual([0, undefined]);
  });

  it('goes through its entries in the order in which they came', () => {
    const map = new PassingMap<string, { n: number }>();
    for (let n = 0; n < 5; n++) map.set(`key-${n}`, { n });
    map.delete('key-2');
    expect([...map.values()].map(({ n }) => n)).toEqual([0, 1, 3, 4]);
    expect([...map].map(([key]) => key)).toEqual(['key-0', 'key-1', 'key-3', 'key-4']);
  });

  it('may lose entries while somebody goes through it, as a run that is stopped leaves', () => {
    const map = new PassingMap<number, { n: number }>();
    for (let n = 0; n < 4; n++) map.set(n, { n });
    const seen: number[] = [];
    for (const { n } of map.values()) {
      seen.push(n);
      map.delete(n);
      map.delete(n + 1);
    }
    expect(seen).toEqual([0, 2]);
    expect(map.size).toBe(0);
  });
});

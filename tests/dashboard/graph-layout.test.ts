import { describe, expect, it } from 'vitest';
import { dependentsOf, layoutGraph, levelsOf, nodeSize } from '../../dashboard/src/convoys/graph-layout.ts';
import type { GraphItem } from '../../dashboard/src/convoys/graph-layout.ts';

const item = (key: string, ...dependsOn: readonly string[]): GraphItem => ({ key, dependsOn });
const keys = (items: readonly GraphItem[]) => levelsOf(items).map((level) => level.map(({ key }) => key));

describe('the levels of a convoy', () => {
  it('put each item behind the last of those it needs', () => {
    expect(keys([item('test', 'api', 'ui'), item('plan'), item('api', 'plan'), item('ui', 'api')])).toEqual([
      ['plan'],
      ['api'],
      ['ui'],
      ['test'],
    ]);
  });

  it('keep the order in which items were given, and count a dependency that is named twice once', () => {
    expect(keys([item('b'), item('a'), item('d', 'a', 'a'), item('c', 'b')])).toEqual([
      ['b', 'a'],
      ['d', 'c'],
    ]);
  });

  it('leave out keys that no item has, and put a circle into a last column', () => {
    expect(keys([item('a', 'gone'), item('x', 'y'), item('y', 'x')])).toEqual([['a'], ['x', 'y']]);
    expect(keys([])).toEqual([]);
  });

  it('hold for chains as long as a convoy may be', () => {
    const chain = Array.from({ length: 10_000 }, (_, place) =>
      place === 0 ? item('0') : item(String(place), String(place - 1)),
    );
    expect(levelsOf(chain)).toHaveLength(10_000);
  });
});

describe('the drawing of a convoy', () => {
  it('has no two items in one place, and every line goes forward', () => {
    const items = Array.from({ length: 60 }, (_, place) =>
      item(String(place), ...[place - 7, place - 13].filter((needed) => needed >= 0).map(String)),
    );
    const { nodes, edges, width, height } = layoutGraph(items);
    expect(new Set(nodes.map(({ x, y }) => `${x}/${y}`)).size).toBe(items.length);
    expect(edges).toHaveLength(items.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0));
    for (const { from, to } of edges) expect(from.x + nodeSize.width).toBeLessThan(to.x);
    for (const { x, y } of nodes) {
      expect(x + nodeSize.width).toBeLessThanOrEqual(width);
      expect(y + nodeSize.height).toBeLessThanOrEqual(height);
    }
  });

  it('orders columns so that lines need not cross', () => {
    const { nodes } = layoutGraph([
      item('a'),
      item('b'),
      item('c'),
      item('of-c', 'c'),
      item('of-b', 'b'),
      item('of-a', 'a'),
    ]);
    const rows = Object.fromEntries(nodes.map(({ key, row }) => [key, row]));
    expect(rows['of-a']).toBe(rows['a']);
    expect(rows['of-b']).toBe(rows['b']);
    expect(rows['of-c']).toBe(rows['c']);
  });
});

describe('dependents', () => {
  it('are those that need a key, each once', () => {
    expect(dependentsOf([item('a'), item('b', 'a', 'a'), item('c', 'a')]).get('a')).toEqual(['b', 'c']);
  });
});

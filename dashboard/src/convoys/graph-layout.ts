/** What the layout has to know of an item. */
export interface GraphItem {
  readonly key: string;
  readonly dependsOn: readonly string[];
}

/** Where an item stands: its column, its place in it from above, and its upper left corner in pixels. */
export interface GraphNode {
  readonly key: string;
  readonly level: number;
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

/** From what is needed to what needs it. */
export interface GraphEdge {
  readonly from: GraphNode;
  readonly to: GraphNode;
}

/** Sizes in pixels. */
export interface GraphLayout {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly width: number;
  readonly height: number;
}

/** Pixels. */
export const nodeSize = { width: 168, height: 34 } as const;
/** Between columns, and between the boxes of one; in pixels. */
export const nodeGap = { x: 72, y: 14 } as const;
const margin = 8;
/** Each passes the columns once forth and once back; more change little. */
const sweeps = 3;

/**
 * The items in columns: those that need nothing first, each other one column behind the last of those it needs; in the order in
 * which they were given. In time that grows with items and dependencies. Unknown keys are left out; a circle, which the server
 * refuses, would end in a last column of its own.
 */
export function levelsOf<T extends GraphItem>(items: readonly T[]): readonly (readonly T[])[] {
  const levels = new Map<string, number>();
  const open = new Map<string, number>();
  const dependents = dependentsOf(items);
  for (const { key, dependsOn } of items) open.set(key, knownOf(dependsOn, dependents).length);
  let ready = items.filter(({ key }) => open.get(key) === 0).map(({ key }) => key);
  for (let level = 0; ready.length > 0; level++) {
    const next: string[] = [];
    for (const key of ready) {
      levels.set(key, level);
      for (const dependent of dependents.get(key) ?? []) {
        const left = (open.get(dependent) ?? 0) - 1;
        open.set(dependent, left);
        if (left === 0) next.push(dependent);
      }
    }
    ready = next;
  }
  const last = Math.max(-1, ...new Set(levels.values())) + 1;
  const columns: T[][] = [];
  for (const item of items) (columns[levels.get(item.key) ?? last] ??= []).push(item);
  return columns;
}

/** The keys of those that need each key; every item has an entry. */
export function dependentsOf(items: readonly GraphItem[]): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>(items.map(({ key }) => [key, []]));
  for (const { key, dependsOn } of items) for (const needed of new Set(dependsOn)) dependents.get(needed)?.push(key);
  return dependents;
}

/** Places for a drawing: columns by level, ordered so that few lines cross, each column in the middle of the height. */
export function layoutGraph(items: readonly GraphItem[]): GraphLayout {
  const columns = untangled(items);
  const rows = Math.max(0, ...columns.map((column) => column.length));
  const height = rows * (nodeSize.height + nodeGap.y) - nodeGap.y;
  const nodes = new Map<string, GraphNode>();
  for (const [level, column] of columns.entries()) {
    const top = (height - (column.length * (nodeSize.height + nodeGap.y) - nodeGap.y)) / 2;
    for (const [row, key] of column.entries())
      nodes.set(key, {
        key,
        level,
        row,
        x: margin + level * (nodeSize.width + nodeGap.x),
        y: margin + top + row * (nodeSize.height + nodeGap.y),
      });
  }
  const edges = items.flatMap(({ key, dependsOn }) =>
    [...new Set(dependsOn)].flatMap((needed) => {
      const [from, to] = [nodes.get(needed), nodes.get(key)];
      return from === undefined || to === undefined ? [] : [{ from, to }];
    }),
  );
  const width = columns.length * (nodeSize.width + nodeGap.x) - nodeGap.x;
  return { nodes: [...nodes.values()], edges, width: width + 2 * margin, height: height + 2 * margin };
}

/** The columns with each key beside the middle of its neighbours in the column before, and then of those behind. */
function untangled(items: readonly GraphItem[]): string[][] {
  const columns = levelsOf(items).map((column) => column.map(({ key }) => key));
  const needs = new Map(items.map(({ key, dependsOn }) => [key, dependsOn]));
  const dependents = dependentsOf(items);
  const place = new Map<string, number>();
  const settle = (column: readonly string[]) => {
    for (const [row, key] of column.entries()) place.set(key, row - column.length / 2);
  };
  columns.forEach(settle);
  const order = (column: string[], neighbours: ReadonlyMap<string, readonly string[]>) => {
    const middles = new Map(
      column.map((key) => [key, middleOf(neighbours.get(key) ?? [], place) ?? place.get(key) ?? 0]),
    );
    column.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
    settle(column);
  };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const column of columns) order(column, needs);
    for (const column of columns.toReversed()) order(column, dependents);
  }
  return columns;
}

function middleOf(keys: readonly string[], place: ReadonlyMap<string, number>): number | null {
  const places = keys.flatMap((key) => place.get(key) ?? []);
  return places.length === 0 ? null : places.reduce((sum, each) => sum + each, 0) / places.length;
}

function knownOf(keys: readonly string[], known: ReadonlyMap<string, unknown>): string[] {
  return [...new Set(keys)].filter((key) => known.has(key));
}

/** Metrics that a server tells, and what is wrong with a query that asks for them. */

/** What Prometheus adds to everything it scrapes. */
const scraped = ['instance', 'job'];
/** By the name of a series: its labels, and the values that each has. */
export type Series = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** What a panel or an alarm asks for, and how it is told. */
export interface Query {
  readonly expr: string;
  readonly legendFormat: string;
}

export function readSeries(text: string): Series {
  const found = new Map<string, Map<string, Set<string>>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const values = found.get(name) ?? new Map<string, Set<string>>();
    found.set(name, values);
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g))
      values.set(label, (values.get(label) ?? new Set()).add(value));
  }
  return found;
}

export const namePattern = /\b(?:squadra|process|nodejs)_\w+/g;

/** What of an expression, and of the legend that goes with it, a server does not have. */
export function faultsOf({ expr, legendFormat }: Query, known: Series): string[] {
  const faults: string[] = [];
  const labels = new Set(scraped);
  const names = expr.replaceAll(/"[^"]*"/g, '""').match(namePattern) ?? [];
  if (names.length === 0) faults.push(`asks for nothing: ${expr}`);
  for (const name of names) {
    if (!known.has(name)) faults.push(`no metric ${name}`);
    for (const label of known.get(name)?.keys() ?? []) labels.add(label);
  }
  for (const [, name = '', selector = ''] of expr.matchAll(/(\w+)\{([^}]*)\}/g))
    for (const [, label = '', how = '', value = ''] of selector.matchAll(/(\w+)(=~|=)"([^"]*)"/g)) {
      if (scraped.includes(label)) continue;
      const values = known.get(name)?.get(label) ?? new Set();
      for (const each of how === '=~' ? value.split('|') : [value])
        if (!values.has(each)) faults.push(`no ${name} with ${label}="${each}"`);
    }
  for (const [, list = ''] of expr.matchAll(/\b(?:by|without|ignoring|on) \(([^)]*)\)/g))
    for (const label of list.split(/,\s*/)) if (!labels.has(label)) faults.push(`no label ${label} in ${expr}`);
  for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
    if (!labels.has(label)) faults.push(`no label ${label} for the legend '${legendFormat}' of ${expr}`);
  return faults;
}

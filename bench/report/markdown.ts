import { figureRow, bareCommitText, machineText, settingsText } from './text.ts';
import { readable } from './number.ts';
import type { Result } from './result-file.ts';

/** A table with aligned columns, as the formatter leaves it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [first = [], ...others] = all;
  return [line(first), rule, ...others.map(line)].join('\n');
}

/** What the README shows: each promise with what was measured, and the other engines beside ours. */
export function summary(results: ReadonlyMap<string, Result>): string {
  if (results.size === 0) return 'No results are recorded yet.';
  const promises = [...results.values()].flatMap((result) =>
    result.figures
      .filter(({ asked }) => asked !== null)
      .map((figure) => {
        const [name = '', got = '', , asked = '', verdict = ''] = figureRow(figure, result.figures);
        return [result.scenario, name, got, asked, verdict];
      }),
  );
  const peers = results.get('peers');
  return [
    table(['scenario', 'figure', 'measured', 'promised', ''], promises),
    ...(peers === undefined
      ? []
      : ['The same three steps on other engines, in one run on one machine:', peersTable(peers)]),
    placesText([...results.values()]),
  ].join('\n\n');
}

/** Everything, scenario by scenario. */
export function details(results: ReadonlyMap<string, Result>): string {
  if (results.size === 0) return 'No results are recorded yet.';
  return [...results.values()].map(section).join('\n\n');
}

function section(result: Result): string {
  const { scenario, date, commit, settings, figures, plots, notes = [] } = result;
  return [
    `## ${scenario}`,
    [
      `- measured: ${date.slice(0, 10)}, commit \`${commit}\``,
      `- machine: ${machineText(result)}`,
      `- bare commit: ${bareCommitText(result)}`,
      `- settings: ${settingsText(settings)}`,
    ].join('\n'),
    table(
      ['figure', 'got', 'min – max (rounds)', 'asked', ''],
      figures.map((one) => figureRow(one, figures)),
    ),
    ...notes,
    ...plots.map(({ name, title }) => `![${title}](plots/${name}.svg)`),
  ].join('\n\n');
}

/** Figures named `engine: quantity` as a table of engines by quantities. */
function peersTable({ figures }: Result): string {
  const cells = figures.map(({ name, unit, value }) => {
    const [engine = '', quantity = ''] = name.split(': ');
    return { engine, quantity, text: `${readable(value)} ${unit}`.trim() };
  });
  const quantities = [...new Set(cells.map(({ quantity }) => quantity))];
  const engines = [...new Set(cells.map(({ engine }) => engine))];
  const cell = (engine: string, quantity: string): string =>
    cells.find((one) => one.engine === engine && one.quantity === quantity)?.text ?? '–';
  return table(
    ['engine', ...quantities],
    engines.map((engine) => [engine, ...quantities.map((quantity) => cell(engine, quantity))]),
  );
}

function placesText(results: readonly Result[]): string {
  const places = new Set(results.map(({ machine: { cpu, cores, node } }) => `${cpu}, ${cores} cores, Node ${node}`));
  const commits = new Set(results.map(({ date, commit }) => `${date.slice(0, 10)} \`${commit}\``));
  const where = `Measured on ${[...places].join('; ')} (${[...commits].join(', ')}).`;
  return `${where} Of two promises marked "either" one is enough. All figures, settings and plots: [docs/benchmarks.md](docs/benchmarks.md).`;
}

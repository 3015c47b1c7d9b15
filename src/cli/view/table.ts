import { cutTo, padTo, widthOf } from './width.ts';
import type { Ink } from './ink.ts';

/** One column: its heading, what stands in a row, and how that is coloured once it is aligned. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly paint?: (text: string, row: Row) => string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
  /** Cut first when the terminal is narrow. */
  readonly flexible?: boolean;
}

const gap = '  ';
const narrowest = 8;

/** Aligned columns; cut to `width` where one is given, in the flexible column only. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | null,
  ink: Ink,
): string {
  const cells = rows.map((row) => columns.map((column) => column.text(row)));
  const widths = columns.map((column, at) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[at] ?? ''))),
  );
  const total = widths.reduce((sum, each) => sum + each, 0) + gap.length * (columns.length - 1);
  const flexible = columns.findIndex((column) => column.flexible === true);
  if (width !== null && total > width && flexible >= 0)
    widths[flexible] = Math.max(narrowest, (widths[flexible] ?? 0) - (total - width));
  const align = (text: string, at: number): string => {
    const columnWidth = widths[at] ?? 0;
    const cut = cutTo(text, columnWidth);
    if (columns[at]?.right === true) return ' '.repeat(columnWidth - widthOf(cut)) + cut;
    return at === columns.length - 1 ? cut : padTo(cut, columnWidth);
  };
  const heading = columns.map((column, at) => align(column.title, at)).join(gap);
  const lines = cells.map((line, index) =>
    columns
      .map((column, at) => {
        const text = align(line[at] ?? '', at);
        const row = rows[index];
        return column.paint === undefined || row === undefined ? text : column.paint(text, row);
      })
      .join(gap),
  );
  return [ink.dim(heading.trimEnd()), ...lines.map((line) => line.trimEnd())].join('\n');
}

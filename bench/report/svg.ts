import { readable } from './number.ts';
import type { Plot } from './plot.ts';

const width = 720;
const ink = '#2b2a27';
const pale = '#6c685f';
const colour = '#5c9a76';

/** Draws a plot as an SVG picture of its own. */
export function svg(plot: Plot): string {
  return plot.kind === 'bars' ? bars(plot) : lines(plot);
}

function bars({ title, unit, bars: all }: Extract<Plot, { kind: 'bars' }>): string {
  const most = Math.max(...all.map(({ value }) => value));
  const [left, row] = [270, 34];
  const drawn = all.map(({ label, value }, place) => {
    const y = 56 + place * row;
    const length = Math.max(2, ((width - left - 110) * value) / most);
    return [
      text(left - 12, y + 16, label, 'end'),
      `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="22" rx="4" fill="${colour}"/>`,
      text(left + length + 8, y + 16, `${readable(value)} ${unit}`, 'start', pale),
    ].join('');
  });
  return picture(title, 70 + all.length * row, drawn);
}

function lines({ title, xUnit, sharesScale = false, lines: all }: Extract<Plot, { kind: 'lines' }>): string {
  const [left, right, high] = [60, width - 20, 110];
  const shown = all.flatMap(({ points }) => points).filter(([, y]) => Number.isFinite(y));
  const mostX = Math.max(...shown.map(([x]) => x));
  const highest = Math.max(...shown.map(([, y]) => y));
  const drawn = all.map(({ label, unit, points: given }, place) => {
    // A sample in which nothing was measured is a gap.
    const points = given.filter(([, y]) => Number.isFinite(y));
    const top = 62 + place * (high + 40);
    const mostY = (sharesScale ? highest : Math.max(...points.map(([, y]) => y))) * 1.1;
    const at = ([x, y]: readonly [number, number]): string =>
      `${(left + ((right - left) * x) / mostX).toFixed(1)},${(top + high - (high * y) / mostY).toFixed(1)}`;
    return [
      text(left, top - 8, `${label}, ${unit}`, 'start'),
      `<path d="M${left} ${top}V${top + high}H${right}" fill="none" stroke="${pale}"/>`,
      `<polyline points="${points.map(at).join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
      text(left - 6, top + 10, readable(mostY), 'end', pale),
      text(left - 6, top + high, '0', 'end', pale),
      text(right, top + high + 16, `${readable(mostX)} ${xUnit}`, 'end', pale),
    ].join('');
  });
  return picture(title, 70 + all.length * (high + 40), drawn);
}

function picture(title: string, height: number, drawn: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-sans-serif, system-ui, sans-serif" font-size="13" role="img" aria-label="${escaped(title)}">`,
    `<rect x="1" y="1" width="${width - 2}" height="${height - 2}" rx="10" fill="#fbfaf7" stroke="#d9d5cb"/>`,
    `<text x="20" y="30" font-size="15" font-weight="600" fill="${ink}">${escaped(title)}</text>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, what: string, anchor: 'start' | 'end', fill = ink): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${fill}">${escaped(what)}</text>`;
}

function escaped(what: string): string {
  return what.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './chart.css';

/** One line of a chart: a value for each time, null where nothing was. `color` is a name of tokens.css, such as `series-1`. */
export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly color: string;
  /** A `line` where nothing is said; `steps` holds each value until the next. */
  readonly shape?: 'line' | 'area' | 'steps' | 'bars';
}

interface ChartProps {
  /** What it shows, in one sentence, for those who do not see it. */
  readonly label: string;
  /** Epoch milliseconds, ascending; as many as each series has values. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  /** How a value is written on the axis and in the legend. */
  readonly format: (value: number) => string;
  readonly heightPx?: number;
  /** Whether times are shown in UTC, as days of costs are; else in the person's time zone. */
  readonly isUtc?: boolean;
  /** What the axis reaches at least, so that small values do not look large. */
  readonly most?: number;
}

const usualHeightPx = 190;
const leastMs = 60_000;

const daySeconds = 86_400;
const halfDay = daySeconds / 2;
/** Between two marks of an axis of days. */
const dayIncrements = [1, 2, 3, 7, 14, 30, 90, 365].map((days) => days * daySeconds);

/** Values over time. It follows the width of its place and the colours of the page; the cursor reads values in the legend. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { label, times, series, format, heightPx = usualHeightPx, isUtc = false, most = 0 } = props;
  const structure = JSON.stringify(series.map(({ name, color, shape }) => [name, color, shape]));
  const drawn = useRef({ times, series, format });
  // Before the effects below, which read it.
  useEffect(() => {
    drawn.current = { times, series, format };
  });

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = () => {
      const { times: at, series: lines, format: write } = drawn.current;
      plot.current?.destroy();
      const options = optionsOf(element, lines, { format: write, heightPx, isUtc, most });
      plot.current = new uPlot(options, dataOf(at, lines), element);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: heightPx }));
    resized.observe(element);
    const stop = onColours(draw);
    return () => {
      stop();
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [structure, heightPx, isUtc, most]);
  useEffect(() => plot.current?.setData(dataOf(times, series)), [times, series]);
  return <figure ref={place} className="chart" aria-label={label} style={{ minHeight: heightPx }} />;
}

function dataOf(times: readonly number[], series: readonly Series[]): uPlot.AlignedData {
  const [first] = times;
  // One time alone is no range, and uPlot would take years around it.
  const before = first === undefined || times.length > 1 ? [] : [first - leastMs];
  const nothing = before.map(() => null);
  return [[...before, ...times].map((ms) => ms / 1_000), ...series.map(({ values }) => [...nothing, ...values])];
}

type Look = Required<Pick<ChartProps, 'format' | 'heightPx' | 'isUtc' | 'most'>>;

function optionsOf(element: HTMLElement, series: readonly Series[], look: Look): uPlot.Options {
  const { format, heightPx, isUtc, most } = look;
  const [text, line] = [colorOf(element, 'muted'), colorOf(element, 'line')];
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
  return {
    width: element.clientWidth,
    height: heightPx,
    tzDate: (seconds) => (isUtc ? uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC') : new Date(seconds * 1_000)),
    cursor: { y: false, points: { size: 6 } },
    scales: {
      // A bar stands in the middle of its day.
      ...(isUtc ? { x: { range: (_plot, from, to) => [from - halfDay, to + halfDay] } } : {}),
      y: { range: (_plot, _low, high) => [0, Math.max(most, Number.isFinite(high) ? high * 1.08 : 0) || 1] },
    },
    axes: [
      { ...axis, space: 70, values: timeFormats, ...(isUtc ? { incrs: dayIncrements } : {}) },
      { ...axis, size: 62, space: 34, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [
      { label: 'Time', value: clockOf(isUtc) },
      ...series.map((each): uPlot.Series => lineOf(element, each, format)),
    ],
  };
}

/**
 * How times stand on the axis, by the seconds between two marks: the usual text, then what is added where a year, month, day,
 * hour, minute or second begins (1: below the usual text).
 */
const timeFormats: uPlot.Axis.Values = [
  [31_536_000, '{YYYY}', null, null, null, null, null, null, 1],
  [2_419_200, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [daySeconds, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [0.001, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
];

function lineOf(element: HTMLElement, { name, color, shape = 'line' }: Series, format: Look['format']): uPlot.Series {
  const stroke = colorOf(element, color);
  const isFilled = shape === 'area' || shape === 'bars';
  const { stepped, bars } = uPlot.paths;
  const paths =
    shape === 'steps' ? stepped?.({ align: 1 }) : shape === 'bars' ? bars?.({ size: [0.7, 48], align: 0 }) : undefined;
  return {
    label: name,
    stroke,
    width: shape === 'bars' ? 0 : 1.75,
    // A value between two that are missing is no line: it is a point, or nobody would see it.
    points: { show: false, filter: shape === 'line' ? loneValues : () => null },
    value: (_plot, value: number | null) => (value === null ? '–' : format(value)),
    ...(paths === undefined ? {} : { paths }),
    ...(isFilled ? { fill: shape === 'bars' ? stroke : faint(stroke) } : {}),
  };
}

function loneValues(plot: uPlot, place: number): number[] {
  const values = plot.data[place] ?? [];
  return Array.from(values, (value, at) => (isMissing(value) ? [] : [at]))
    .flat()
    .filter((at) => isMissing(values[at - 1]) && isMissing(values[at + 1]));
}

function isMissing(value: number | null | undefined): boolean {
  return value === null || value === undefined;
}

function clockOf(isUtc: boolean) {
  const format = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'medium',
    ...(isUtc ? { timeZone: 'UTC' } : { timeStyle: 'medium' }),
  });
  return (_plot: uPlot, seconds: number | null) => (seconds === null ? '–' : format.format(seconds * 1_000));
}

/** A colour of tokens.css as the canvas needs it: worked out for the scheme that is shown. */
function colorOf(element: HTMLElement, name: string): string {
  const before = element.style.color;
  element.style.color = `var(--${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = before;
  return color;
}

function faint(color: string): string {
  return color.startsWith('rgb(') ? color.replace('rgb(', 'rgba(').replace(')', ', 0.16)') : color;
}

/** Calls back when the page takes other colours; returns what ends that. */
function onColours(changed: () => void): () => void {
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const chosen = new MutationObserver(changed);
  scheme.addEventListener('change', changed);
  chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    scheme.removeEventListener('change', changed);
    chosen.disconnect();
  };
}

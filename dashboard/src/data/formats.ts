const locale = 'en-GB';
const counts = new Intl.NumberFormat(locale);
const shortCounts = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const smallRates = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
const rates = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const shares = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
const moments = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const times = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });

/** 12,345 */
export function count(value: number): string {
  return counts.format(value);
}

/** 12.3K, where the place is small. */
export function shortCount(value: number): string {
  return shortCounts.format(value);
}

/** 0.02, 12.3 or 1,234: as exact as one reads it. */
export function rate(value: number): string {
  return value < 1 ? smallRates.format(value) : value < 100 ? rates.format(value) : counts.format(Math.round(value));
}

/** A part of one as 97.5%; a dash where nothing happened. */
export function share(value: number | null): string {
  return value === null ? '–' : shares.format(value);
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Milliseconds as 340 ms, 1.2 s, 3 m 04 s, 2 h 10 m or 4 d 3 h; a dash for what is not known. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < secondMs) return `${Math.round(ms)} ms`;
  if (ms < minuteMs) return `${(ms / secondMs).toFixed(1)} s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} m ${two((ms % minuteMs) / secondMs)} s`;
  if (ms < dayMs) return `${Math.floor(ms / hourMs)} h ${two((ms % hourMs) / minuteMs)} m`;
  return `${Math.floor(ms / dayMs)} d ${Math.floor((ms % dayMs) / hourMs)} h`;
}

/** The same for times that somebody chose: 6 h, 5 m, without a second part that is nothing. */
export function span(ms: number): string {
  return duration(ms).replace(/ 0+ [a-z]$/, '');
}

/** Millionths of a dollar as $12.30, with as many digits as a small sum needs. */
export function money(microUsd: number): string {
  const usd = microUsd / 1_000_000;
  const digits = usd === 0 || Math.abs(usd) >= 1 ? 2 : Math.abs(usd) >= 0.01 ? 3 : 6;
  return `$${usd.toLocaleString(locale, { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
}

/** A time of the API (ISO 8601, UTC) as date and time of the person's place. */
export function moment(iso: string): string {
  return moments.format(new Date(iso));
}

/** The same without the date. */
export function timeOfDay(iso: string): string {
  return times.format(new Date(iso));
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}

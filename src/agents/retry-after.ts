/** How long a provider asked to be left alone, in milliseconds; null when it did not say. Header names are lower-case. */
export function retryAfterMs(headers: Readonly<Record<string, string>> | undefined, now: number): number | null {
  const exact = duration(headers?.['retry-after-ms'], 1);
  if (exact !== null) return exact;
  const given = headers?.['retry-after'];
  const seconds = duration(given, 1_000);
  if (seconds !== null || given === undefined) return seconds;
  // Only what begins with a day of the week is a date here: `Date.parse` makes a year of almost any number.
  const date = /^[a-z]{3,9},? /i.test(given) ? Date.parse(given) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function duration(text: string | undefined, unitMs: number): number | null {
  if (text === undefined || !/^\s*\d+(?:\.\d+)?\s*$/.test(text)) return null;
  return Math.ceil(Number(text) * unitMs);
}

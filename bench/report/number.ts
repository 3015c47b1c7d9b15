/** A number for readers: three significant digits or whole, thousands separated. */
export function readable(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  if (size >= 10) return trimmed(value.toFixed(1));
  return trimmed(value.toFixed(size >= 1 ? 2 : 3));
}

function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

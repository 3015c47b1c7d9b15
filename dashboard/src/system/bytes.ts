const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** Bytes as 640 B, 12 KB, 3.4 GB; a KB is 1,024 bytes. */
export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1_024 ** power;
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : Math.round(scaled)} ${units[power] ?? ''}`;
}

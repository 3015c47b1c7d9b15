/** How long values are as JSON, about: characters, not bytes. Most are null, or texts, which need no encoding to be measured. */
export function contentLength(...values: readonly unknown[]): number {
  let length = 0;
  for (const value of values) {
    if (typeof value === 'string') length += value.length;
    else if (typeof value === 'object' && value !== null) length += JSON.stringify(value).length;
  }
  return length;
}

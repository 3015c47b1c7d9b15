/**
 * The text of a field of a column that holds JSON as `JSON.stringify` writes it. PostgreSQL refuses U+0000 in it and halves of
 * characters, which alone are written as escapes: they are left out, for only beginnings are shown of what is read so.
 */
export function jsonText(column: string, field: string): string {
  const refused = String.raw`(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})`;
  return `(regexp_replace(${column}, '${refused}', '\\1', 'gi')::json ->> '${field}')`;
}

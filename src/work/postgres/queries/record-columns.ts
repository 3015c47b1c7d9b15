import type { Journaled } from '../../journal.ts';
import { journaled } from '../../rows/journal-row.ts';
import type { JournalRow } from '../../rows/journal-row.ts';
import type { Row } from '../../rows/row.ts';

/**
 * The columns of a record, and the text that lies elsewhere (long text is stored once): the input in which the request is, or the
 * output. The input is read here and not in SQL, which refuses U+0000 in JSON.
 */
export const recordColumns = `seq, at, kind, key, type, phase, attempt, input_hash, due_at, data, text, CASE
  WHEN text IS NULL AND kind = 'message' THEN (SELECT input FROM executions WHERE no = journal.execution)
  WHEN text IS NULL AND kind = 'status' AND type = 'completed' THEN (SELECT output FROM executions WHERE no = journal.execution) END`;

/** A row of `recordColumns`. */
export function recordOf(row: Row): Journaled {
  const elsewhere = row[11];
  if (typeof elsewhere !== 'string') return journaled(row as unknown as JournalRow);
  const text = row[2] === 'message' ? messageOf(elsewhere) : elsewhere;
  return journaled([...row.slice(0, 10), text] as unknown as JournalRow);
}

function messageOf(input: string): string {
  const value: unknown = JSON.parse(input);
  return typeof value === 'object' && value !== null && 'message' in value ? String(value.message) : '';
}

/**
 * The text of a record that keeps it elsewhere: the request in the execution's input, the result in its output.
 * (Long text is stored once.)
 */
const recordText = `coalesce(text, CASE
  WHEN kind = 'message' THEN (SELECT json_extract(input, '$.message') FROM executions WHERE no = execution)
  WHEN kind = 'status' AND type = 'completed' THEN (SELECT output FROM executions WHERE no = execution) END)`;

/** The columns of a `JournalRow`. */
export const recordColumns = `seq, at, kind, key, type, phase, attempt, input_hash, due_at, data, ${recordText}`;

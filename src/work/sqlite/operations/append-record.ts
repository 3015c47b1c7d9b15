/** Adds a record at the end of a journal: execution, tenant, time, then the columns of the record. */
export const appendRecordSql = `INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, input_hash, due_at, data, text)
  SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM journal WHERE execution = ?1`;

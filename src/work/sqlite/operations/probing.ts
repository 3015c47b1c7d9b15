import type { DatabaseSync } from 'node:sqlite';
import { prepare } from '../statements.ts';

/** Writes a page as it is: a file that cannot grow, or may not be written, refuses that too. */
export function probing(database: DatabaseSync): (_: null) => void {
  const write = prepare(database, 'UPDATE metric_kept SET no = no WHERE id = 0');
  return () => void write.run();
}

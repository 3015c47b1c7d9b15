import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../kernel/errors.ts';
import type { StateSeal } from '../state-copy.ts';

/** "SQDM": a state file that was moved. Code that knows nothing of moves takes it for somebody else's file, and refuses it too. */
export const sealedApplicationId = 0x5351444d;

/** Beside the numbered schema: it is there from the first attempt to move the file, whatever its version. */
const table = `CREATE TABLE IF NOT EXISTS state_move (
  one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, moved_to TEXT, sealed_at INTEGER) STRICT`;

/** What the move of this file is called; `id` unless it has a name already. */
export function nameMove(database: DatabaseSync, id: string): string {
  database.exec(table);
  database.prepare('INSERT INTO state_move (one, id) VALUES (1, ?) ON CONFLICT DO NOTHING').run(id);
  return String(database.prepare('SELECT id FROM state_move').get()?.['id']);
}

export function readSeal(database: DatabaseSync): StateSeal | null {
  if (database.prepare('PRAGMA application_id').get()?.['application_id'] !== sealedApplicationId) return null;
  const row = database.prepare('SELECT moved_to, sealed_at FROM state_move').get();
  return { movedTo: String(row?.['moved_to']), sealedAt: Number(row?.['sealed_at']) };
}

/** Takes effect as a whole: a file is sealed and says where its state went, or neither. */
export function writeSeal(database: DatabaseSync, applicationId: number, seal: StateSeal | null): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database
      .prepare('UPDATE state_move SET moved_to = ?, sealed_at = ?')
      .run(seal?.movedTo ?? null, seal?.sealedAt ?? null);
    database.exec(`PRAGMA application_id = ${applicationId}; COMMIT`);
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** What everybody is told who opens a sealed file. */
export function movedError(path: string, { movedTo, sealedAt }: StateSeal): SquadraError {
  return new SquadraError(
    'STORE_MOVED',
    `The state in ${path} was moved to ${movedTo} (${new Date(sealedAt).toISOString()}); work goes on there.`,
    { details: { movedTo, sealedAt } },
  );
}

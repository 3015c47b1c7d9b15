import type { DatabaseSync } from 'node:sqlite';
import { prepare } from '../statements.ts';

/** A signal as it is stored. `payload` is JSON text. */
export interface NewSignal {
  readonly tenant: string;
  readonly at: number;
  readonly signalId: string;
  readonly name: string;
  readonly payload: string;
}

/** Signals of an execution, by its number. */
export interface Signalling {
  isKnown(no: number, signalId: string): boolean;
  /** False when it was there already. */
  leave(no: number, signal: NewSignal): boolean;
}

export function signalling(database: DatabaseSync): Signalling {
  const known = prepare(database, 'SELECT 1 FROM signals WHERE execution = ? AND id = ?');
  const insert = prepare(
    database,
    'INSERT INTO signals (id, tenant, execution, name, payload, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (execution, id) DO NOTHING',
  );
  // Whoever wakes the execution may die before it does; with a time to wake at, the next start finds it.
  const wake = prepare(
    database,
    "UPDATE executions SET wake_at = ?1 WHERE no = ?2 AND status = 'waiting' AND (wake_at IS NULL OR wake_at > ?1)",
  );
  return {
    isKnown: (no, signalId) => known.first(no, signalId) !== undefined,
    leave: (no, { signalId, tenant, name, payload, at }) => {
      if (insert.run(signalId, tenant, no, name, payload, at) === 0) return false;
      wake.run(at, no);
      return true;
    },
  };
}

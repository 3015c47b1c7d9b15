import type { StateReports } from '../orchestrator/state-reports.ts';
import { SquadraError } from '../kernel/errors.ts';

/** The state opened for reading, or null where there is none yet: then there is nothing to list. */
export function openIfThere(open: () => StateReports): StateReports | null {
  try {
    return open();
  } catch (error) {
    if (error instanceof SquadraError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

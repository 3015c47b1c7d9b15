import type { StateReports } from '../orchestrator/state-reports.ts';
import { SquadraError } from '../kernel/errors.ts';

/** The state opened for reading, or null where there is none yet: then there is nothing to list. */
export async function openIfThere(open: () => Promise<StateReports>): Promise<StateReports | null> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof SquadraError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

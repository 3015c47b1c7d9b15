import { readProcessSettings } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { SquadraOptions } from '../orchestrator/squadra-options.ts';
import { WorkflowRegistry } from '../orchestrator/workflow-registry.ts';
import type { Workflow } from '../workflows/workflow.ts';

/** Which state, and how it is opened. */
export type StateOptions = Pick<SquadraOptions, 'stateDir' | 'settings'>;

/** The settings that options come to. Throws `INVALID_SETTING` with every problem at once. */
export function settingsOf({ settings, stateDir }: StateOptions, read = readProcessSettings): Settings {
  return read(stateDir === undefined ? settings : { ...settings, stateDir });
}

/** Those of one process, whatever part of a fleet it is to be afterwards. */
export function soloSettings({ settings, ...options }: StateOptions): Settings {
  return settingsOf({ ...options, settings: { ...settings, engine: 'embedded', role: 'all' } });
}

/** `settings` with the database that a fleet has. Throws `INVALID_SETTING` where there is none. */
export function withDatabase(settings: Settings): Settings & { readonly databaseUrl: string } {
  const { databaseUrl, ...rest } = settings;
  if (databaseUrl !== null) return { ...rest, databaseUrl };
  throw new SquadraError('INVALID_SETTING', 'DATABASE_URL is missing: the PostgreSQL of the fleet.');
}

/** Only `defineWorkflow` makes workflows, so what is hidden of their types is there. */
export function workflowsOf({ workflows = [] }: SquadraOptions): WorkflowRegistry {
  return new WorkflowRegistry(workflows as readonly Workflow[]);
}

import { join, resolve } from 'node:path';
import type { Cache } from '../cache/cache.ts';
import type { Settings } from '../config/settings.ts';
import type { Admission } from '../flow/admission.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Catalogue } from '../squads/catalogue.ts';
import { createAsker } from './agent-loop.ts';
import type { AgentAsker } from './agent-loop.ts';
import { createModelRegistry } from './model-registry.ts';
import type { ModelRegistryOptions } from './model-registry.ts';
import type { Prices } from './pricing.ts';
import type { ModelThreads } from './threads/model-threads.ts';
import type { Toolbox } from './tools/toolbox.ts';

/** What agents of a process are made from. */
export interface AskerParts {
  readonly settings: Settings;
  readonly prices: Prices;
  readonly toolbox: Pick<Toolbox, 'toolsOf'>;
  readonly catalogue: Catalogue;
  readonly cache: Cache;
  readonly admission: Admission;
  readonly clock: Clock;
  /** Where calls of built-in providers are made; null makes them in this thread. */
  readonly threads: ModelThreads | null;
  /** Providers of the user's own. */
  readonly models: ModelRegistryOptions['models'];
  readonly offlinePaceMs: number | null;
}

/** Who answers `squad.ask`: the agents of a squad over the models that are configured. */
export function openAsker({ threads, models, offlinePaceMs, ...parts }: AskerParts): AgentAsker {
  const { settings, clock } = parts;
  const registry = createModelRegistry({
    settings,
    ...(threads === null ? {} : { threads }),
    clock,
    ...(models === undefined ? {} : { models }),
    ...(offlinePaceMs === null ? {} : { offlinePaceMs }),
  });
  return createAsker({ ...parts, registry, workspaceRoot: workspacesOf(settings) });
}

/** The folder that holds a workspace for each execution. */
export function workspacesOf({ stateDir }: Settings): string {
  return join(resolve(stateDir), 'out');
}

/** For who makes no calls: tools are looked up within the calls that need them. */
export const noToolbox: Pick<Toolbox, 'toolsOf'> = {
  toolsOf: () => Promise.reject(new Error('Unreachable: nothing is called here.')),
};

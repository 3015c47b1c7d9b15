import type { Logger } from '../../telemetry/logger.ts';
import type { SharedConvoys } from '../../work/convoy-store.ts';
import type { ConvoyKeeper } from './convoy-keeper.ts';
import { ConvoyRunner, isClosing } from './convoy-runner.ts';
import type { ConvoyRunnerParts } from './convoy-runner.ts';
import { SharedConvoyRunner } from './shared-convoy-runner.ts';
import type { SharedConvoyRunnerParts } from './shared-convoy-runner.ts';

/** What the convoys of a process are made of. */
export interface ConvoyParts extends Omit<ConvoyRunnerParts & SharedConvoyRunnerParts, 'shared' | 'onError'> {
  /** Null where this process owns all convoys there are. */
  readonly shared: SharedConvoys | null;
  readonly logger: Logger;
}

/** Who keeps the convoys going: this process alone, or any process of a fleet. */
export function openConvoys({ shared, logger, ...parts }: ConvoyParts): ConvoyKeeper {
  const onError = (error: unknown): void => {
    if (!isClosing(error)) logger.warn({ error }, 'Part of a convoy could not go on; it is tried again.');
  };
  return shared === null
    ? new ConvoyRunner({ ...parts, onError })
    : new SharedConvoyRunner({ ...parts, shared, onError });
}

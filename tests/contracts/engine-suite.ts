import type { EngineFactory } from '../support/assembly.ts';
import type { OpenState } from './contract-state.ts';
import { codeThatChanged } from './engine-suite-code.ts';
import { commandsFromOutside } from './engine-suite-commands.ts';
import { ownersAndCrashes } from './engine-suite-owners.ts';
import { everyShape } from './engine-suite-shapes.ts';
import { runsInSlices } from './engine-suite-slices.ts';
import { waitingAndTime } from './engine-suite-waits.ts';

/** What every engine has to do, on a state of any adapter. */
export function engineSuite(makeEngine: EngineFactory, openState: OpenState): void {
  everyShape(makeEngine, openState);
  waitingAndTime(makeEngine, openState);
  commandsFromOutside(makeEngine, openState);
  ownersAndCrashes(makeEngine, openState);
  runsInSlices(makeEngine, openState);
  codeThatChanged(makeEngine, openState);
}

import { createIds } from '../../src/kernel/id.ts';
import type { SquadParts } from '../../src/squads/build-squad.ts';
import { readCatalogue } from '../../src/squads/catalogue.ts';
import { SquadraError } from '../../src/kernel/errors.ts';
import type { ToolNames } from '../../src/squads/tool-names.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

/** What building squads needs, with a clock the test owns. */
export function squadParts(): SquadParts & { readonly clock: TestClock } {
  const clock = new TestClock();
  return { catalogue: readCatalogue(), ids: createIds(clock), clock, tools: workshopTools };
}

const known = new Set(['list', 'read', 'write', 'edit', 'hammer']);

/** The tools of an installation in a test. */
const workshopTools: ToolNames = {
  check(names) {
    for (const name of names) {
      if (!known.has(name)) throw new SquadraError('UNKNOWN_TOOL', `There is no tool ${JSON.stringify(name)}.`);
    }
  },
};

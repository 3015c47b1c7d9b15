import { createIds } from '../../src/kernel/id.ts';
import type { SquadParts } from '../../src/squads/build-squad.ts';
import { readCatalogue } from '../../src/squads/catalogue.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

/** What building squads needs, with a clock the test owns. */
export function squadParts(): SquadParts & { readonly clock: TestClock } {
  const clock = new TestClock();
  return { catalogue: readCatalogue(), ids: createIds(clock), clock };
}

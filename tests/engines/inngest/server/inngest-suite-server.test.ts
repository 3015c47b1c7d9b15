import { afterAll, beforeAll, describe, inject } from 'vitest';
import { engineSuite } from '../../../contracts/engine-suite.ts';
import { openTemporaryState } from '../../../work/sqlite/open-state.ts';
import { InngestStage } from '../inngest-stage.ts';
import { onServer } from '../stage-inngest.ts';

describe.each(['connect', 'serve'] as const)('the engine on a real Inngest, whose workers %s', (transport) => {
  const stage = new InngestStage(() => onServer(inject('inngest'), transport));
  beforeAll(() => stage.open());
  afterAll(() => stage.close());
  engineSuite(stage.makeEngine, openTemporaryState);
});

import { afterAll, beforeAll, describe } from 'vitest';
import { engineSuite } from '../../contracts/engine-suite.ts';
import { openTemporaryState } from '../../work/sqlite/open-state.ts';
import { RestateStage } from './restate-stage.ts';

describe('the engine on Restate, three nodes', () => {
  const stage = new RestateStage();
  beforeAll(() => stage.open(3));
  afterAll(() => stage.close());
  engineSuite(stage.makeEngine, openTemporaryState);
});

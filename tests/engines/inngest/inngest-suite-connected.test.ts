import { afterAll, beforeAll, describe } from 'vitest';
import { engineSuite } from '../../contracts/engine-suite.ts';
import { openTemporaryState } from '../../work/sqlite/open-state.ts';
import { InngestStage } from './inngest-stage.ts';
import { overConnection } from './stage-inngest.ts';

describe('the engine on Inngest, the SDK driven over its connection', () => {
  const stage = new InngestStage(overConnection);
  beforeAll(() => stage.open());
  afterAll(() => stage.close());
  engineSuite(stage.makeEngine, openTemporaryState);
});

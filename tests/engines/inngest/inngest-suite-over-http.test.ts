import { afterAll, beforeAll, describe } from 'vitest';
import { engineSuite } from '../../contracts/engine-suite.ts';
import { openTemporaryState } from '../../work/sqlite/open-state.ts';
import { InngestStage } from './inngest-stage.ts';
import { overHttp } from './stage-inngest.ts';

describe("the engine on Inngest, the SDK's handler driven over HTTP", () => {
  const stage = new InngestStage(overHttp);
  beforeAll(() => stage.open());
  afterAll(() => stage.close());
  engineSuite(stage.makeEngine, openTemporaryState);
});

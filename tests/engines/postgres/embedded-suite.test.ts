import { describe } from 'vitest';
import { engineSuite } from '../../contracts/engine-suite.ts';
import { embedded } from '../../support/workbench.ts';
import { openTemporaryState } from '../../work/postgres/open-state.ts';

describe('the embedded engine, over PostgreSQL', () => {
  engineSuite(embedded, openTemporaryState);
});

import { describe } from 'vitest';
import { engineSuite } from '../../contracts/engine-suite.ts';
import { embedded } from '../../support/workbench.ts';
import { openTemporaryState } from '../../work/sqlite/open-state.ts';

describe('the embedded engine', () => {
  engineSuite(embedded, openTemporaryState);
});

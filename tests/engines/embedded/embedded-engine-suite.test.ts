import { describe } from 'vitest';
import { EmbeddedEngine } from '../../../src/engines/embedded/embedded-engine.ts';
import { everyShape } from '../../contracts/engine-suite-shapes.ts';
import { openTemporaryState } from '../../work/sqlite/open-state.ts';

describe('the embedded engine', () => {
  everyShape((settings, clock) => new EmbeddedEngine(settings, clock), openTemporaryState);
});

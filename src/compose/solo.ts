import { MemoryBus } from '../bus/memory/memory-bus.ts';
import { nobodyElse } from '../bus/news.ts';
import type { Settings } from '../config/settings.ts';
import { EmbeddedEngine } from '../engines/embedded/embedded-engine.ts';
import type { Clock } from '../kernel/clock.ts';
import { openSqliteState } from '../work/sqlite/sqlite-state.ts';
import type { Shape } from './shape.ts';

/** One process on the files of its state folder. */
export async function openSolo(
  settings: Settings,
  { clock, command, runs }: { readonly clock: Clock; readonly command: string; readonly runs: boolean },
  opened: AsyncDisposableStack,
): Promise<Shape> {
  const state = opened.use(await openSqliteState(settings, clock, command));
  return {
    duties: { advances: runs, tends: runs },
    state,
    sharedConvoys: null,
    lostAmong: null,
    engine: new EmbeddedEngine(settings, clock),
    bus: new MemoryBus(),
    news: nobodyElse,
    secondTier: null,
    sharedBuckets: null,
    statistics: () => ({ writer: state.writer.statistics(), readers: state.readers.statistics(), fleet: null }),
    start: () => Promise.resolve(),
  };
}

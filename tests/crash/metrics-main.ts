/** The process that is killed while it counts: `node tests/crash/metrics-main.ts <state folder>`. Says so each time work has ended. */
import { openMetered, workOnce } from './metrics-story.ts';

const [stateDir = ''] = process.argv.slice(2);
const squadra = await openMetered(stateDir);
const working = async (): Promise<void> => {
  for (;;) {
    await workOnce(squadra);
    process.send?.('ended');
  }
};
// Several at once, so that there is always something in flight; and who asks has what is counted stored.
const reading = async (): Promise<void> => {
  for (;;) await squadra.metrics.stats();
};
await Promise.all([working(), working(), working(), reading()]);

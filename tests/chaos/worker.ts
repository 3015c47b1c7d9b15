/**
 * The process that is killed: Squadra and its clients, at work until they are stopped.
 *
 *     node tests/chaos/worker.ts --folder <folder> --life <n> --url <model server> [--seed <n>] [--plant <bug>] [--finish]
 *
 * Prints "working" when it has begun. SIGTERM stops it in good order; with --finish it submits nothing, and stops when
 * nothing is open or nothing has ended for a while.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openSquadraIn } from '../../src/compose.ts';
import { SquadraError } from '../../src/index.ts';
import type { Squadra } from '../../src/index.ts';
import { watchCalls } from './call-watch.ts';
import { LifeKeeper } from './keeper.ts';
import { chaosPaths, LineLog } from './logs.ts';
import type { AckLine, EffectLine } from './logs.ts';
import { Memory } from './memory.ts';
import { Mix } from './mix/mix.ts';
import { isPlant, plants } from './plants.ts';
import { seededRandom } from './random.ts';
import { wrapSessions } from '../support/wrap-sessions.ts';

/** Enough to have commits of every kind in flight all the time. */
const openAtOnce = 120;
/** Enough for acknowledgements of several to come from one commit. */
const submittedAtOnce = 8;
/** Longer than anything in the mix waits. */
const quietMs = 5_000;

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: '' },
    life: { type: 'string', default: '1' },
    url: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    plant: { type: 'string', default: '' },
    finish: { type: 'boolean', default: false },
  },
});

const paths = chaosPaths(values.folder);
const life = Number(values.life);
const random = seededRandom(Number(values.seed) * 1_000 + life);
using effects = new LineLog<EffectLine>(paths.effects);
using acks = new LineLog<AckLine>(paths.acks);
effects.write({ event: 'life', life });

let tokens = 0;
const mix = new Mix({ effects, token: () => `${life}.${++tokens}` });
const plant = isPlant(values.plant) ? plants[values.plant] : null;
const squadra = await take(() =>
  openSquadraIn(
    {
      stateDir: paths.state,
      settings: {
        openaiBaseUrl: values.url,
        shutdownGrace: '500ms',
        // Some lives have a slow disk, some too few places for what is open: then commits and queues are long.
        commitDelayMs: life % 3 === 2 ? 3 : 0,
        maxConcurrentExecutions: life % 4 === 3 ? 25 : 10_000,
      },
      workflows: mix.jobs.map(({ workflow }) => workflow).filter(({ name }) => name !== 'pipeline'),
    },
    {
      decorate: (executions) => {
        const watched = wrapSessions(executions, watchCalls(effects));
        return plant === null ? watched : wrapSessions(watched, plant);
      },
    },
  ),
);
const keeper = new LifeKeeper({ squadra, mix, acks, memory: new Memory(paths.acks), random, life });

let isStopping = false;
process.once('SIGTERM', () => (isStopping = true));
await keeper.takeUp();
console.log('working');
const approvals = keeper.answerApprovals();
// Who asks for metrics has what is counted stored: in some lives all the time, in the others when they stop in good order.
const reading = (async (): Promise<void> => {
  while (life % 2 === 0 && !isStopping) {
    await squadra.metrics.stats();
    await pause(5);
  }
})().catch(() => {});
while (!isStopping) {
  if (values.finish && keeper.open === 0) await keeper.takeUpUnacknowledged();
  if (values.finish && (keeper.open === 0 || Date.now() - keeper.lastEndAt > quietMs)) break;
  const room = values.finish ? 0 : Math.min(submittedAtOnce, openAtOnce - keeper.open);
  if (room > 0) await Promise.all(Array.from({ length: room }, () => keeper.submitAnother()));
  else await pause(1);
}
// What killed lives left uncounted, the last one counts.
while (values.finish && !(await squadra.metrics.stats()).isComplete) await pause(5);
keeper.stop();
await squadra[Symbol.asyncDispose]();
await approvals;
await reading;
// The clients still wait for executions that go on in the next life.
process.exit(0);

/** Somebody may hold the state for as long as a command of theirs lasts. */
async function take(open: () => Promise<Squadra>): Promise<Squadra> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof SquadraError && error.code === 'STORE_LOCKED')) throw error;
      await pause(5);
    }
  }
}

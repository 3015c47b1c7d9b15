import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import type { ModelServerArgument, ModelServerMessage, ModelServerOrder } from '../../children/model-server.ts';
import { requestText } from '../../load/connection.ts';
import { Child } from '../../measure/child.ts';
import { Generator } from '../../workload/served.ts';
import { asking } from '../../workload/asking.ts';
import { partsBetween, readParts, sumOf } from './measured-parts.ts';
import { RunningFleet } from './running-fleet.ts';

export interface ScalingSizes {
  /** How many workers there are, one fleet after the other. */
  readonly workers: readonly number[];
  /** Calls at a time that each worker may make. */
  readonly callsEach: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface Scaled {
  readonly workers: number;
  /** Executions, each of one call of a model. */
  readonly perSecond: number;
  /** Of all parts of the fleet. */
  readonly cores: number;
}

const callMs = 1_000;
const model: ModelServerArgument = { leastMs: callMs, mostMs: callMs, chunks: 5 };
const squad = { name: 'one', members: [{ role: 'tester', provider: 'openai', model: 'bench-model' }] };

/** What so many workers do while there is always more to do. Nothing but their limit of calls keeps them from more. */
export async function measureScaling(folder: string, sizes: ScalingSizes): Promise<readonly Scaled[]> {
  await using models = new Child<ModelServerMessage>('children/model-server', model);
  const { url } = await models.next('listening');
  const measured: Scaled[] = [];
  for (const workers of sizes.workers)
    measured.push(await measureWorkers(join(folder, `workers-${workers}`), url, workers, sizes));
  models.send({ kind: 'stop' } satisfies ModelServerOrder);
  await models.exited();
  return measured;
}

async function measureWorkers(folder: string, url: string, workers: number, sizes: ScalingSizes): Promise<Scaled> {
  const { callsEach, warmUpSeconds, seconds } = sizes;
  await using running = await RunningFleet.start({
    folder,
    workers,
    workflows: ['asking'],
    yaml: `squads: ${JSON.stringify([squad])}\n`,
    environment: {
      OPENAI_API_KEY: 'sk-bench',
      OPENAI_BASE_URL: url,
      SQUADRA_MAX_CONCURRENT_MODEL_CALLS: String(callsEach),
      // The others of this scenario are on this machine as well.
      SQUADRA_AGENT_RATE_LIMIT_PER_MINUTE: '0',
    },
  });
  await using generator = new Generator({ port: running.port, connections: 100 });
  const count = Math.ceil(((warmUpSeconds + seconds) * 1_000 * callsEach * workers * 1.3) / callMs);
  const body = { workflow: asking.name, squad: squad.name, input: {} };
  const load = generator.load(
    {
      kind: 'open-loop',
      perSecond: (count * 2) / warmUpSeconds,
      count,
      idsWanted: 0,
      requests: [requestText('POST', '/api/v1/executions', { body })],
      expected: 202,
    },
    Infinity,
  );
  const taken = load.then(({ errorCount, errors }) => {
    if (errorCount > 0) throw new Error(`Not all was taken: ${errorCount} × ${errors.join('; ')}`);
  });
  await Promise.all([taken, pause(warmUpSeconds * 1_000)]);
  const [cpu, done, begun] = [readParts(running.parts), await running.completed(), performance.now()];
  await pause(seconds * 1_000);
  const [last, ended] = [await running.completed(), performance.now()];
  if (last === count) throw new Error(`All ${count} executions were over before the time was: that measures nothing.`);
  return {
    workers,
    perSecond: ((last - done) * 1_000) / (ended - begun),
    cores: sumOf(partsBetween(cpu, readParts(running.parts))) / (ended - begun),
  };
}

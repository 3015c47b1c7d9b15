import { requestText } from '../../load/connection.ts';
import { Generator, Served } from '../../workload/served.ts';
import { slowSteps } from '../../workload/waiting.ts';
import { keysEach, offer, tenants, times } from './over.ts';
import type { Over } from './over.ts';

/** What is taken at a time: executions that run, and those that may wait for them (the gate closes at 0.8 of these: six seconds' worth). */
export const settings = { maxConcurrentExecutions: 1_000, maxQueuedExecutions: 2_500 };
const stepsSeconds = 3;
/** What it takes in a second. */
export const capacity = settings.maxConcurrentExecutions / stepsSeconds;
const mostLagMs = 20;

/** More than the settings let in. */
export async function overSettings(folder: string, seconds: number): Promise<Over> {
  await using server = await Served.start({ folder, settings, tenants, keysEach, squad: null });
  const body = { workflow: slowSteps.name, input: null };
  const requests = server.callers.map(({ key }) => requestText('POST', '/api/v1/executions', { key, body }));
  const acceptedBefore = await warmUp(server, requests);
  const load = { connections: 2_000, requests, perSecond: times * capacity, seconds, returningEvery: 1 };
  return await offer(server, load, { folder, acceptedBefore, mostLagMs });
}

/** A server is warm after its first seconds. */
async function warmUp(server: Served, requests: readonly string[]): Promise<number> {
  await using generator = new Generator({ port: server.port, connections: 100 });
  const order = { kind: 'open-loop', perSecond: 500, count: 1_000, idsWanted: 0, requests, expected: 202 } as const;
  const { answered } = await generator.load(order, Infinity);
  await server.idle();
  await generator.stop();
  return answered;
}

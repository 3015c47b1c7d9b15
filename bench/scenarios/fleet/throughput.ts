import type { Load } from '../../children/http-load.ts';
import type { BareRestateMessage } from '../../children/bare-restate.ts';
import { join } from 'node:path';
import { RestateServer } from '../../../scripts/fleet/restate-server.ts';
import { requestText } from '../../load/connection.ts';
import { Child } from '../../measure/child.ts';
import { Generator } from '../../workload/served.ts';
import { input, threeSteps } from '../../workload/three-steps.ts';
import { partsBetween, readParts } from './measured-parts.ts';
import type { Parts, PartsCpu } from './measured-parts.ts';
import { RunningFleet } from './running-fleet.ts';

export interface ThroughputSizes {
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly paceSeconds: number;
  /** Requests that are open at a time. */
  readonly atOnce: number;
}

/** So many executions as something could do, and what they cost. */
export interface Most {
  readonly perSecond: number;
  /** Per execution. */
  readonly cpuMs: PartsCpu;
  /** All processes together. */
  readonly cores: number;
  readonly generatorCores: number;
}

export interface FleetMeasurement {
  readonly most: Most;
  readonly statements: number;
  readonly transactions: number;
  readonly statementsPerSubmission: number;
  readonly statementsPerStep: number;
  /** Submissions, at half of what it could do. */
  readonly offered: number;
  readonly paced: Load;
  readonly pacedPerSecond: number;
}

/** A fifth of the promised latency: what the generator is late is part of what it measures. */
export const mostLagMs = 10;
const steps = 3;

/** Bare Restate: its ingress answers when the invocation is done. */
export async function measureBare(folder: string, sizes: ThroughputSizes): Promise<Most> {
  await using restate = await RestateServer.start({ folder: join(folder, 'restate') });
  await using service = new Child<BareRestateMessage>('children/bare-restate', null);
  const { port, pid } = await service.next('listening');
  await register(restate, port);
  const [node] = restate.nodes;
  if (node === undefined) throw new Error('Restate has no node.');
  await using generator = new Generator(
    { port: Number(new URL(node.ingressUrl).port), connections: sizes.atOnce },
    { comesFirst: true },
  );
  const request = requestText('POST', '/three-steps/run', { body: input });
  const parts = { Restate: [node.pid], service: [pid] };
  const nothingLeft = (): Promise<void> => Promise.resolve();
  return await measureMost(generator, { request, expected: 200, parts, sizes, idle: nothingLeft });
}

export async function measureFleet(folder: string, sizes: ThroughputSizes): Promise<FleetMeasurement> {
  await using running = await RunningFleet.start({ folder, apis: 1, workers: 1, workflows: ['three-steps'] });
  await using generator = new Generator({ port: running.port, connections: sizes.atOnce }, { comesFirst: true });
  const request = requestText('POST', '/api/v1/executions', { body: { workflow: threeSteps.name, input } });
  const idle = (): Promise<void> => running.idle();
  let [before, done] = [await running.reading(), 0];
  const most = await measureMost(generator, {
    request,
    expected: 202,
    parts: running.parts,
    sizes,
    idle,
    onBegin: async () => {
      before = await running.reading();
      done = await running.completed();
    },
  });
  const after = await running.reading();
  const count = (await running.completed()) - done;
  const offered = Math.round(most.perSecond / 2);
  const atPace = (ofSeconds: number) =>
    ({
      kind: 'open-loop',
      perSecond: offered,
      count: offered * ofSeconds,
      idsWanted: 0,
      requests: [request],
      expected: 202,
    }) as const;
  await running.checkpoint();
  // The database still cleans up after all that was done as fast as possible.
  await generator.load(atPace(sizes.warmUpSeconds), Infinity);
  await running.idle();
  const begun = performance.now();
  const paced = await generator.load(atPace(sizes.paceSeconds), mostLagMs);
  await running.idle();
  return {
    most,
    statements: (after.statements - before.statements) / count,
    transactions: (after.transactions - before.transactions) / count,
    statementsPerSubmission: (after.submissions - before.submissions) / count,
    statementsPerStep: (after.commits - before.commits) / count / steps,
    offered,
    paced,
    pacedPerSecond: (paced.answered * 1_000) / (performance.now() - begun),
  };
}

interface MostArgument {
  readonly request: string;
  readonly expected: number;
  readonly parts: Parts;
  readonly sizes: ThroughputSizes;
  /** Resolves when all that was accepted is done. */
  readonly idle: () => Promise<void>;
  /** After the warm-up. */
  readonly onBegin?: () => Promise<void>;
}

async function measureMost(
  generator: Generator,
  { request, expected, parts, sizes, idle, onBegin }: MostArgument,
): Promise<Most> {
  const { atOnce, warmUpSeconds, seconds } = sizes;
  const order = (ofSeconds: number) =>
    ({ kind: 'closed-loop', forMs: ofSeconds * 1_000, atOnce, requests: [request], expected }) as const;
  await generator.load(order(warmUpSeconds), Infinity);
  await idle();
  await onBegin?.();
  const before = readParts(parts);
  const begun = performance.now();
  const load = await generator.load(order(seconds), Infinity);
  await idle();
  const ms = performance.now() - begun;
  if (load.errorCount > 0) throw new Error(`Not all was taken: ${load.errorCount} × ${load.errors.join('; ')}`);
  const cpu = partsBetween(before, readParts(parts));
  const per = Object.entries(cpu).map(([name, partMs]) => [name, partMs / load.answered] as const);
  return {
    perSecond: (load.answered * 1_000) / ms,
    cpuMs: Object.fromEntries(per),
    cores: (Object.values(cpu).reduce((sum, partMs) => sum + partMs, 0) + load.cpuMs) / ms,
    generatorCores: load.cpuMs / ms,
  };
}

async function register(restate: RestateServer, port: number): Promise<void> {
  const answer = await fetch(`${restate.adminUrls[0]}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  });
  if (!answer.ok) throw new Error(`Restate did not take the service: ${await answer.text()}`);
}

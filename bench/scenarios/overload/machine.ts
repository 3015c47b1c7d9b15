import { requestText } from '../../load/connection.ts';
import type { RunOptions } from '../../scenario.ts';
import { Generator, Served } from '../../workload/served.ts';
import { input, threeSteps } from '../../workload/three-steps.ts';
import { keysEach, offer, tenants, times } from './over.ts';
import type { Over } from './over.ts';

export const machine = { atOnce: 100, connections: 4_000, returningEvery: 10 };
const maximumSeconds = 5;
/** The server wants both cores. What is asked is that each second as many come as should. */
const mostLagMs = 200;

export interface OverMachine extends Over {
  /** Accepted in a second when as many come as are taken. */
  readonly maximum: number;
}

/** More than the machine does: its event loop is what is busy. */
export async function overMachine(
  folder: string,
  seconds: number,
  progress: RunOptions['progress'],
): Promise<OverMachine> {
  await using server = await Served.start({ folder, settings: {}, tenants, keysEach, squad: null });
  const body = { workflow: threeSteps.name, input };
  const requests = server.callers.map(({ key }) => requestText('POST', '/api/v1/executions', { key, body }));
  const { answered, maximum } = await measureMaximum(server, requests);
  const perSecond = Math.round(times * maximum);
  progress(
    `it takes ${Math.round(maximum)}/s: ${perSecond} submissions a second for ${seconds} seconds, and some of their returns`,
  );
  const { connections, returningEvery } = machine;
  const load = { connections, requests, perSecond, seconds, returningEvery };
  const over = await offer(server, load, { folder, acceptedBefore: answered, mostLagMs });
  return { ...over, maximum };
}

async function measureMaximum(
  server: Served,
  requests: readonly string[],
): Promise<{ answered: number; maximum: number }> {
  await using generator = new Generator({ port: server.port, connections: machine.atOnce });
  const order = { kind: 'closed-loop', forMs: 0, atOnce: machine.atOnce, requests, expected: 202 } as const;
  const warm = await generator.load({ ...order, forMs: 2_000 }, Infinity);
  await server.idle();
  const { answered, seconds, errors } = await generator.load({ ...order, forMs: maximumSeconds * 1_000 }, Infinity);
  await server.idle();
  await generator.stop();
  if (errors.length > 0) throw new Error(`A closed loop of ${machine.atOnce} was refused: ${errors.join('; ')}`);
  return { answered: warm.answered + answered, maximum: answered / seconds };
}

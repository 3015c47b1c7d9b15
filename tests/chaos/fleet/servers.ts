import { Fleet } from '../../../scripts/fleet/fleet.ts';
import { freePort } from '../../../scripts/fleet/free-port.ts';
import { FaultyProxy } from '../../support/faulty-proxy.ts';
import type { LineLog } from '../logs.ts';
import { MemberProcess } from './member-process.ts';
import type { FaultLine } from './paths.ts';

/** A process of the fleet and what stands between it and the others: each link can break by itself. */
export interface Member {
  readonly process: MemberProcess;
  readonly toDatabase: FaultyProxy;
  /** To each node of Restate. */
  readonly toRestate: readonly FaultyProxy[];
  /** From nginx: where people, or Restate, reach it. */
  readonly inward: FaultyProxy;
}

export interface ChaosFleet {
  readonly fleet: Fleet;
  readonly apis: readonly Member[];
  readonly workers: readonly Member[];
}

export interface ChaosFleetOptions {
  /** Where the servers lie. */
  readonly servers: string;
  /** Where processes write what they did. */
  readonly folder: string;
  readonly apis: number;
  readonly workers: number;
  readonly modelServerUrl: string;
  readonly faults: LineLog<FaultLine>;
}

/** Short, so that a run of minutes sees them pass. */
const timeouts = {
  SQUADRA_DATABASE_TIMEOUT: '2s',
  SQUADRA_MAX_SLICE: '5s',
  SQUADRA_STEP_TIMEOUT: '5s',
  // Of an ask that goes on after a break, the break counts.
  SQUADRA_ASK_TIMEOUT: '5m',
  SQUADRA_SHUTDOWN_GRACE: '5s',
};
/** People of this run come from one address, and all asks go to one member, who would work off for minutes what a fault held up. */
const limits = {
  SQUADRA_RATE_LIMIT_PER_MINUTE: '1000000',
  SQUADRA_RATE_LIMIT_BURST: '100000',
  SQUADRA_AGENT_RATE_LIMIT_PER_MINUTE: '100000',
};

/** The servers of a fleet that keeps everything twice, with nobody at work yet. */
export function startServers(folder: string): Promise<Fleet> {
  return Fleet.start({ folder, apis: 0, workers: 0, restateNodes: 3, hasNats: true, hasRedis: true });
}

/** Puts processes to work on servers that run, each behind links of its own. */
export async function startMembers(
  fleet: Fleet,
  options: ChaosFleetOptions,
  opened: AsyncDisposableStack,
): Promise<ChaosFleet> {
  const open = async (port: number): Promise<FaultyProxy> => opened.use(await FaultyProxy.open(port));
  const doors = {
    http: Number(new URL(fleet.url).port),
    grpc: Number(new URL(fleet.environment['SQUADRA_WORKER_URL'] ?? '').port),
  };
  const all = async (role: 'api' | 'worker', count: number): Promise<Member[]> => {
    const members: Member[] = [];
    for (let number = 1; number <= count; number++) {
      const port = await freePort();
      const toDatabase = await open(Number(new URL(fleet.databaseUrl).port));
      const toRestate = await Promise.all(fleet.restate.ingressUrls.map((url) => open(Number(new URL(url).port))));
      const inward = await open(port);
      const environment = {
        ...fleet.environment,
        ...timeouts,
        ...limits,
        DATABASE_URL: withPort(fleet.databaseUrl, toDatabase.port),
        RESTATE_INGRESS_URL: toRestate.map((proxy) => `http://127.0.0.1:${proxy.port}`).join(','),
        SQUADRA_ROLE: role,
        SQUADRA_PORT: role === 'api' ? String(port) : '0',
        SQUADRA_LOG_LEVEL: 'warn',
        OPENAI_BASE_URL: options.modelServerUrl,
        ...(role === 'worker' ? { SQUADRA_WORKER_PORT: String(port) } : {}),
      };
      const { folder, faults } = options;
      const process = new MemberProcess({ folder, name: `${role}-${number}`, environment, faults });
      opened.defer(() => process.kill());
      members.push({ process, toDatabase, toRestate, inward });
    }
    return members;
  };
  const members = { apis: await all('api', options.apis), workers: await all('worker', options.workers) };
  const ports = (of: readonly Member[]): number[] => of.map(({ inward }) => inward.port);
  fleet.nginx.reload([
    { port: doors.http, speaks: 'http', servers: ports(members.apis) },
    { port: doors.grpc, speaks: 'grpc', servers: ports(members.workers) },
  ]);
  // The first one brings the database to its version; the others find it done.
  await Promise.all([...members.apis, ...members.workers].map(({ process }) => process.start()));
  return { fleet, ...members };
}

function withPort(address: string, port: number): string {
  const url = new URL(address);
  url.port = String(port);
  return url.href;
}

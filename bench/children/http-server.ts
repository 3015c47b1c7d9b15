/** The server as users start it, with keys, in a process of its own, which tells how it does when it is asked. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { keepHeapSmall } from '../../src/cli/small-heap.ts';
import { openAssembly } from '../../src/compose.ts';
import type { SettingOptions } from '../../src/config/settings.ts';
import { Readiness } from '../../src/http/readiness.ts';
import { startServer } from '../../src/http/server.ts';
import type { SquadInput } from '../../src/squads/squad.ts';
import { childArgument, takeOrders, tell } from '../measure/child.ts';
import { closedLoop } from '../measure/loops.ts';
import { threeSteps } from '../workload/three-steps.ts';
import { slowSteps } from '../workload/waiting.ts';

export interface ServerArgument {
  readonly folder: string;
  readonly settings: SettingOptions;
  /** Tenants with `keysEach` keys of scope `write`, and a squad each where one is given. */
  readonly tenants: number;
  readonly keysEach: number;
  readonly squad: SquadInput | null;
}

/** A key, and the squad of its tenant. */
export interface Caller {
  readonly key: string;
  readonly squadId: string | null;
}

export interface ServerReport {
  readonly kind: 'report';
  /** User and system time of all threads since the start. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** Since the start. */
  readonly mostRssBytes: number;
  /** Since the last report; the millisecond between two looks is included. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  /** Executions running, ready or queued. */
  readonly unfinished: number;
}

export type ServerMessage =
  | { readonly kind: 'listening'; readonly port: number; readonly callers: readonly Caller[] }
  | ServerReport;

export type ServerOrder = { readonly kind: 'report' } | { readonly kind: 'stop' };

const { folder, settings, tenants, keysEach, squad } = childArgument<ServerArgument>();
keepHeapSmall();
const assembly = await openAssembly(
  { stateDir: folder, settings: { ...settings, host: '127.0.0.1', port: 0 }, workflows: [threeSteps, slowSteps] },
  { command: 'serve' },
);
const server = await startServer({ ...assembly, readiness: new Readiness() }, assembly.settings);
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const callers: Caller[] = [];
// A few at a time: what setting up takes is no part of what is measured.
await closedLoop(tenants, 50, async (n) => void callers.push(...(await callersOf(`tenant-${n + 1}`))));
tell<ServerMessage>({ kind: 'listening', port: Number(new URL(server.url).port), callers });

takeOrders<ServerOrder>(async ({ kind }) => {
  if (kind === 'report') {
    tell<ServerMessage>(report());
    return false;
  }
  await server.close();
  await assembly.squadra[Symbol.asyncDispose]();
  return true;
});

async function callersOf(tenant: string): Promise<Caller[]> {
  const squadId = squad === null ? null : (await assembly.squadra.forTenant(tenant).squads.create(squad)).id;
  const request = { name: 'bench', scopes: ['write'], expiresInMs: null } as const;
  const keys = Array.from({ length: keysEach }, async () => (await assembly.access.createKey(tenant, request)).text);
  return (await Promise.all(keys)).map((key) => ({ key, squadId }));
}

function report(): ServerReport {
  const { user, system } = process.cpuUsage();
  const { running, ready, sleeping } = assembly.squadra.statistics().engine;
  const told = {
    kind: 'report',
    cpuMs: (user + system) / 1_000,
    rssBytes: process.memoryUsage.rss(),
    mostRssBytes: process.resourceUsage().maxRSS * 1_024,
    loopP99Ms: loop.percentile(99) / 1e6,
    loopMaxMs: loop.max / 1e6,
    unfinished: running + ready + sleeping,
  } as const;
  loop.reset();
  return told;
}

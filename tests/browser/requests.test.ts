import { overviewHeaders, overviewReads } from '../../bench/load/open-dashboard.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { convoyItems, convoyToEnd, gated, instantModel, runToEnd } from './seeds/workloads.ts';
import { useDashboard } from './support/dashboard.ts';
import type { NetworkEntry } from './support/network-log.ts';
import { nameOf } from './support/network-log.ts';
import type { WatchedPage } from './support/watched-page.ts';

const dashboard = useDashboard({
  models: { instant: instantModel() },
  workflows: [gated],
  settings: { provider: 'instant', agentRateLimitPerMinute: 0, cpuThreshold: 100, memoryThreshold: 100 },
});
const paths: [name: string, path: () => string][] = [
  ['Overview', () => '/'],
  ['Executions', () => '/executions'],
  ['an execution', () => `/executions/${ids.execution}`],
  ['Convoys', () => '/convoys'],
  ['a convoy', () => `/convoys/${ids.convoy}`],
  ['Squads', () => '/squads'],
  ['a squad', () => `/squads/${ids.squad}`],
  ['Costs', () => '/costs'],
  ['System', () => '/system'],
];
const ids = { execution: '', convoy: '', squad: '' };

beforeAll(async () => {
  const { server } = dashboard();
  ids.execution = await runToEnd(server, { message: 'Look at it' });
  ids.convoy = await convoyToEnd(server, { items: convoyItems(10) });
  ids.squad = (await server.send<{ items: { id: string }[] }>('/squads')).items[0]?.id ?? '';
});

describe.each(paths)('the page %s', (_name, path) => {
  it('asks nothing again while nothing happens, however long', async () => {
    const watched = await dashboard().open('about:blank');
    await watched.page.clock.install();
    await watched.page.goto(path());
    await read(watched);
    // What the page puts off for a moment after it heard something.
    await watched.page.clock.runFor('00:10');
    await watched.page.waitForLoadState('networkidle');
    await asked(watched, '/mark.svg?now');
    const from = watched.log.entries.length;
    // Of the page's own time: whatever asks by the clock would ask now.
    await watched.page.clock.runFor('01:00:00');
    await asked(watched, '/mark.svg?an-hour-later');
    expect(unexplained(watched.log.entries, from)).toEqual([]);
  });
});

it('would be seen to ask by the clock', async () => {
  const watched = await dashboard().open('about:blank');
  await watched.page.clock.install();
  await watched.page.goto('/squads');
  await read(watched);
  const from = watched.log.entries.length;
  await watched.page.evaluate('setInterval(() => fetch("/api/v1/me"), 1_500_000)');
  await watched.page.clock.runFor('01:00:00');
  await asked(watched, '/mark.svg?an-hour-later');
  expect(unexplained(watched.log.entries, from)).toEqual(['GET /api/v1/me', 'GET /api/v1/me']);
});

describe('the Overview', () => {
  it('asks for each thing once after a pulse, and only for what the pulse names', async () => {
    const watched = await dashboard().open('/');
    await read(watched);
    const from = watched.log.entries.length;
    for (let n = 0; n < 3; n++) {
      const before = watched.log.entries.length;
      await runToEnd(dashboard().server, { message: `Look at part ${n}` });
      await watched.log.until(({ kind }) => kind === 'pulse', before);
    }
    await read(watched);
    expect(watched.log.entries.slice(from).filter(({ kind }) => kind === 'pulse').length).toBeGreaterThan(0);
    expect(unexplained(watched.log.entries, from)).toEqual([]);
  });
});

it('makes of an Overview what the benchmark takes it for', async () => {
  const watched = await dashboard().open('/');
  await read(watched);
  const from = await watched.log.until(({ kind }) => kind === 'pulse');
  await runToEnd(dashboard().server, { message: 'Look once more' });
  await watched.log.until(({ kind }) => kind === 'pulse', from);
  await read(watched);
  const asked = new Set(watched.log.requests().filter((request) => /^GET \/(?:api|metrics)\//.test(request)));
  const known = ['GET /api/v1/me', 'GET /api/v1/pulse', ...overviewReads.map(([, path]) => `GET ${path}`)];
  expect([...asked].toSorted()).toEqual(known.toSorted());
  const paths = new Set<string>(overviewReads.map(([, path]) => path));
  const reads = watched.log.entries.filter((entry) => entry.kind === 'request' && paths.has(entry.target));
  expect(new Set(reads.map((entry) => entry.kind === 'request' && entry.cacheControl))).toEqual(
    new Set([overviewHeaders['cache-control']]),
  );
});

/** Everything on the page has been read, and read again after the first pulse. */
async function read(watched: WatchedPage): Promise<void> {
  await watched.log.until(({ kind }) => kind === 'pulse');
  await watched.settled();
  await watched.page.waitForLoadState('networkidle');
}

/** Sends a request from the page and waits until it is in the log: all that was sent before it is, too. */
async function asked(watched: WatchedPage, target: string): Promise<void> {
  await watched.page.evaluate(`fetch(${JSON.stringify(target)}).then((answer) => answer.text())`);
  await watched.log.until((entry) => entry.kind === 'request' && entry.target === target);
}

/** Requests that no pulse before them explains: the first of each after a pulse is the pulse's. */
function unexplained(entries: readonly NetworkEntry[], from: number): readonly string[] {
  const found: string[] = [];
  let asked: Set<string> | null = null;
  for (const entry of entries.slice(from)) {
    if (entry.kind === 'pulse') asked = new Set();
    if (entry.kind !== 'request' || !/^\/(?:api|metrics)\//.test(entry.target)) continue;
    if (asked === null || asked.has(nameOf(entry))) found.push(nameOf(entry));
    asked?.add(nameOf(entry));
  }
  return found;
}

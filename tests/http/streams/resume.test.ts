import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openReports } from '../../../src/compose/outside.ts';
import type { FeedRecord } from '../../../src/work/execution-store.ts';
import type { Journaled } from '../../../src/work/journal.ts';
import { readEvents } from '../../support/event-reader.ts';
import type { EventReader, WireEvent } from '../../support/event-reader.ts';
import { temporaryFolder } from '../../work/sqlite/open-state.ts';
import type { MortalServerOrder } from './mortal-server.ts';

const executions = 12;
const clients = 200;
/** Of them, those who follow all executions at once. */
const followers = 20;

/** A server that is started again whenever it died, on the same state and the same port. */
class ImmortalServer implements Disposable {
  readonly #stateDir: string;
  readonly #lives: (number | null)[];
  #child: ChildProcess | null = null;
  #isOver = false;
  #up: Promise<string>;
  deaths = 0;

  /** `lives`: after how many commits each life ends by its own hand; null lives on. */
  constructor(stateDir: string, lives: readonly (number | null)[]) {
    this.#stateDir = stateDir;
    this.#lives = [...lives];
    this.#up = this.#start(0);
  }

  /** The address, as soon as it answers. */
  get url(): Promise<string> {
    return this.#up;
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.kill();
  }

  async #start(port: number): Promise<string> {
    const order: MortalServerOrder = { stateDir: this.#stateDir, port, diesAfter: this.#lives.shift() ?? null };
    const child = fork(fileURLToPath(new URL('./mortal-server.ts', import.meta.url)), [JSON.stringify(order)], {
      execArgv: [],
    });
    this.#child = child;
    const [url] = (await once(child, 'message')) as [string];
    child.once('exit', () => {
      if (this.#isOver) return;
      this.deaths++;
      this.#up = this.#start(Number(new URL(url).port));
    });
    return url;
  }
}

/** Comes again with the last id until `isEnough`; all stored events it was told, in the order in which it was told them. */
async function followTo(
  server: ImmortalServer,
  path: string,
  isEnough: (event: WireEvent) => boolean,
  onEvent: () => void,
): Promise<{ readonly told: readonly WireEvent[]; readonly connections: number }> {
  const told: WireEvent[] = [];
  let last: string | null = null;
  for (let connections = 1; ; connections++) {
    const headers: Record<string, string> = last === null ? {} : { 'last-event-id': last };
    const reader: EventReader | null = await readEvents(`${await server.url}${path}`, { headers }).catch(() => null);
    // Refused while it is dead; the next look finds it alive or waits until it is.
    if (reader === null) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    using _reader = reader;
    let taken = 0;
    try {
      for (;;) {
        const at = taken;
        const event: WireEvent = await reader.until((one) => reader.events.indexOf(one, at) === at);
        taken++;
        if (event.event === 'resume') break;
        if (event.id !== null && event.event !== 'done') {
          told.push(event);
          last = event.id;
          onEvent();
        }
        if (isEnough(event)) return { told, connections };
      }
    } catch {
      // It was cut off.
    }
  }
}

/** What a stored record says, in the words of the wire. */
function essence(record: Journaled): readonly unknown[] {
  switch (record.kind) {
    case 'message':
      return [record.seq, 'message', record.message.text, record.message.stepKey];
    case 'status':
      return [record.seq, 'status', record.status, record.output === undefined ? null : JSON.parse(record.output)];
    case 'step':
      return [record.seq, 'step', record.key, record.phase, record.attempt];
  }
}

function heard({ event, data }: WireEvent): unknown {
  const { seq, text, stepKey, status, output = null, key, phase, attempt } = data;
  if (event === 'message') return [seq, event, text, stepKey];
  return event === 'status' ? [seq, event, status, output] : [seq, event, key, phase, attempt];
}

it('clients that come again after a server died between commit and send hear all that is stored, once and in order', async () => {
  await using folder = await temporaryFolder();
  using server = new ImmortalServer(folder.path, [25, 60, 40, null]);
  const ids: string[] = [];
  for (let n = 0; n < executions;) {
    const answer = await fetch(`${await server.url}/api/v1/executions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `request-${n}` },
      body: JSON.stringify({ message: `Add page ${n}`, workflow: 'pipeline' }),
    }).catch(() => null);
    if (answer === null) continue;
    ids.push(((await answer.json()) as { id: string }).id);
    n++;
  }
  let events = 0;
  const moment = 500 + Math.floor(Math.random() * 4_000);
  const count = (): void => {
    // And once at a moment that nothing chose.
    if (++events === moment) server.kill();
  };
  const one = async (client: number) => {
    const id = ids[client % executions] ?? '';
    return {
      id,
      ...(await followTo(server, `/api/v1/executions/${id}/events`, ({ event }) => event === 'done', count)),
    };
  };
  const all = async () => {
    const open = new Set(ids);
    const isEnough = ({ event, data }: WireEvent): boolean => {
      if (event === 'status' && data['status'] === 'completed') open.delete(String(data['executionId']));
      return open.size === 0;
    };
    return followTo(server, '/api/v1/events?after=start', isEnough, count);
  };
  const [ones, alls] = await Promise.all([
    Promise.all(Array.from({ length: clients - followers }, (_, client) => one(client))),
    Promise.all(Array.from({ length: followers }, all)),
  ]);
  expect(server.deaths).toBeGreaterThanOrEqual(3);
  expect(ones.filter(({ connections }) => connections > 1).length).toBeGreaterThan(clients / 4);

  await using store = await openReports({ stateDir: folder.path });
  const byText = (one: unknown, other: unknown): number => (String(one) < String(other) ? -1 : 1);
  const stored = new Map<string, (readonly unknown[])[]>();
  for (const id of ids) stored.set(id, (await store.reports.records('local', id, 0, 10_000)).map(essence));
  for (const [id, records] of stored) {
    const kinds = new Set(records.map(([, kind]) => kind));
    expect([id, ...[...kinds].toSorted(byText)]).toEqual([id, 'message', 'status', 'step']);
  }
  for (const { id, told } of ones) expect(told.map(heard)).toEqual(stored.get(id));

  const feed: FeedRecord[] = [];
  for (let after: string | null = null; ;) {
    const page = await store.reports.feed('local', { after, limit: 1_000 });
    feed.push(...page.events);
    after = page.cursor;
    if (page.isEnd) break;
  }
  const order = feed.map(({ executionId, cursor, record }) => [executionId, cursor, essence(record)]);
  for (const { told } of alls) {
    const places = told.map((event) => [event.data['executionId'], event.id, heard(event)]);
    expect(places).toEqual(order.slice(0, places.length));
    expect(places.length).toBe(order.length);
  }
}, 120_000);

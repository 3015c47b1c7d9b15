import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NatsServer } from '../../../scripts/fleet/nats-server.ts';
import type { TextSoFar } from '../../../src/bus/bus.ts';
import { NatsBus } from '../../../src/bus/nats/nats-bus.ts';
import type { News } from '../../../src/bus/news.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { busContract, delta, Heard } from '../../contracts/bus-contract.ts';
import { FaultyProxy } from '../../support/faulty-proxy.ts';

describe('the bus over NATS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'squadra-nats-'));
  let server: NatsServer;
  beforeAll(async () => void (server = await NatsServer.start({ folder, token: 'a-token' })));
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Opened {
    readonly bus: NatsBus;
    readonly changes: boolean[];
    /** Resolves when it has come up so many times. */
    up(times: number): Promise<void>;
  }

  const open = async (given: { readonly url?: string; readonly fleet?: string } = {}): Promise<Opened> => {
    const changes: boolean[] = [];
    let wake = (): void => {};
    const bus = new NatsBus({
      urls: [given.url ?? server.url],
      fleet: given.fleet ?? 'ours',
      clock: systemClock,
      onChange: (isUp) => {
        changes.push(isUp);
        wake();
      },
    });
    await bus.tried();
    return {
      bus,
      changes,
      up: async (times) => {
        while (changes.filter(Boolean).length < times) await new Promise<void>((resolve) => (wake = resolve));
      },
    };
  };
  const one = (): { readonly tenant: string; readonly executionId: string } => ({
    tenant: randomUUID(),
    executionId: randomUUID(),
  });
  const said = (executionId: string, text: string): TextSoFar => ({
    ...delta(executionId, 0, text),
    event: 'text-so-far',
  });
  /** Says it again and again, as what is not kept may come before somebody hears it. */
  const untilHeard = async (say: () => void, isHeard: () => boolean): Promise<void> => {
    while (!isHeard()) {
      say();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  busContract(async () => {
    const [{ bus: here }, { bus: there }] = [await open(), await open()];
    return {
      here,
      there,
      [Symbol.asyncDispose]: async () => {
        await here[Symbol.asyncDispose]();
        await there[Symbol.asyncDispose]();
      },
    };
  });

  it('brings news to all other processes of the fleet, and to those of no other one', async () => {
    const [here, there, foreign] = [await open(), await open(), await open({ fleet: 'another' })];
    const heard: News[] = [];
    const wrong: News[] = [];
    const own: News[] = [];
    there.bus.onNews((news) => heard.push(news));
    foreign.bus.onNews((news) => wrong.push(news));
    here.bus.onNews((news) => own.push(news));
    const isRevoked = (news: News): boolean => news.of === 'revoked';
    await untilHeard(
      () => here.bus.announce({ of: 'revoked', id: 'k' }),
      () => heard.some(isRevoked),
    );
    expect(wrong.filter(isRevoked)).toEqual([]);
    expect(own.filter(isRevoked)).toEqual([]);
    for (const { bus } of [here, there, foreign]) await bus[Symbol.asyncDispose]();
  });

  it('takes tenants of any name for themselves alone', async () => {
    const [here, there] = [await open(), await open()];
    const names = ['*', '>', 'a.b', 'a.*', ' ', '', 'سلام', 'x'.repeat(500), 'h-x', 'line\nbreak', '$SYS.>'];
    const heards = names.map((tenant) => {
      const heard = new Heard();
      there.bus.subscribeTenant(tenant, heard.listen);
      return heard;
    });
    for (const [place, tenant] of names.entries()) {
      const executionId = randomUUID();
      await untilHeard(
        () => here.bus.publish({ kind: 'committed', tenant, executionId }),
        () => heards[place]?.has('committed', executionId) ?? false,
      );
      for (const [other, heard] of heards.entries()) expect(heard.has('committed', executionId)).toBe(other === place);
    }
    for (const { bus } of [here, there]) await bus[Symbol.asyncDispose]();
  });

  it('leaves out the beginning of a text that is longer than a message may be', async () => {
    const small = join(folder, 'small');
    await using narrow = await NatsServer.start({ folder: small, maxPayload: 4_096 });
    const [here, there] = [await open({ url: narrow.url }), await open({ url: narrow.url })];
    const { executionId } = one();
    const text = `${'"é'.repeat(20_000)}the end`;
    here.bus.answerWith((asked) => (asked === executionId ? [said(executionId, text)] : []));
    const heard = new Heard();
    there.bus.subscribe(executionId, heard.listen);
    await heard.until(() => heard.has('delta', executionId));
    const told = heard.events.find(({ kind }) => kind === 'delta');
    if (told?.kind !== 'delta') throw new Error('No text came.');
    expect(told.delta.text.length).toBeGreaterThan(300);
    expect(text.slice(told.delta.offset)).toBe(told.delta.text);
    for (const { bus } of [here, there]) await bus[Symbol.asyncDispose]();
  });

  it('is killed and comes back: whoever listens is told that something may be lost, and then hears again', async () => {
    await using own = await NatsServer.start({ folder: join(folder, 'killed') });
    const [here, there] = [await open({ url: own.url }), await open({ url: own.url })];
    const { tenant, executionId } = one();
    const heard = new Heard();
    const news: News[] = [];
    there.bus.subscribe(executionId, heard.listen);
    there.bus.onNews((told) => news.push(told));
    await own.end('SIGKILL');
    here.bus.publish({ kind: 'committed', tenant, executionId });
    await heard.until((events) => events.filter(({ kind }) => kind === 'unsure').length >= 2);
    expect(news.some(({ of }) => of === 'unsure')).toBe(true);
    expect(there.bus.statistics().isUp).toBe(false);
    expect(here.bus.statistics().lost).toBeGreaterThan(0);
    await own.resume();
    await Promise.all([here.up(2), there.up(2)]);
    await untilHeard(
      () => here.bus.publish({ kind: 'committed', tenant, executionId }),
      () => heard.has('committed', executionId),
    );
    expect(there.changes).toEqual([true, false, true]);
    for (const { bus } of [here, there]) await bus[Symbol.asyncDispose]();
  });

  it('notices that nothing comes through a connection that is still open', async () => {
    await using network = await FaultyProxy.open(server.port);
    const url = new URL(server.url);
    url.port = String(network.port);
    const there = await open({ url: url.href });
    const heard = new Heard();
    there.bus.subscribe(randomUUID(), heard.listen);
    network.set('freeze');
    await heard.until(() => there.changes.includes(false));
    network.set('pass');
    await there.up(2);
    expect(there.changes).toEqual([true, false, true]);
    await there.bus[Symbol.asyncDispose]();
  });

  it('opens where nobody answers, says so once, and joins when somebody does', async () => {
    const closed = await NatsServer.start({ folder: join(folder, 'late') });
    await closed.end();
    const here = await open({ url: closed.url });
    expect(here.changes).toEqual([false]);
    here.bus.publish({ kind: 'committed', ...one() });
    await closed.resume();
    await here.up(1);
    expect(here.changes).toEqual([false, true]);
    await here.bus[Symbol.asyncDispose]();
    await closed[Symbol.asyncDispose]();
  });

  it('is refused with a wrong token, and says why', async () => {
    const url = new URL(server.url);
    url.username = 'wrong';
    const problems: unknown[] = [];
    const bus = new NatsBus({
      urls: [url.href],
      fleet: 'ours',
      clock: systemClock,
      onChange: (_, problem) => problems.push(problem),
    });
    await bus.tried();
    expect(String(problems[0])).toMatch(/authorization/i);
    await bus[Symbol.asyncDispose]();
  });

  it('hears nothing of who is no process of ours', async () => {
    const { bus } = await open();
    const heard = new Heard();
    const { executionId } = one();
    bus.subscribe(executionId, heard.listen);
    const { connect } = await import('@nats-io/transport-node');
    const { hostname, port, username } = new URL(server.url);
    const stranger = await connect({ servers: `${hostname}:${port}`, token: decodeURIComponent(username) });
    for (const text of ['', 'not json', '{}', '[["committed"]]', '[null]', '[["text"]]'])
      stranger.publish(`squadra.ours.commits.x.${executionId}`, text);
    await stranger.flush();
    await stranger.close();
    const other = await open();
    await untilHeard(
      () => other.bus.publish({ kind: 'committed', tenant: 't', executionId }),
      () => heard.has('committed', executionId),
    );
    const told = heard.events.filter(({ kind }) => kind !== 'unsure');
    expect(told).toEqual(told.map(() => ({ kind: 'committed', tenant: 't', executionId })));
    for (const each of [bus, other.bus]) await each[Symbol.asyncDispose]();
  });
});

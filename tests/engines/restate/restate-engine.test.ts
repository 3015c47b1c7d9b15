import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runnable } from '../../../src/engines/engine.ts';
import { objectName } from '../../../src/engines/restate/order.ts';
import type { Advanced } from '../../../src/workflows/run-services.ts';
import { Begins, lost, RestateRig } from './restate-rig.ts';

let rig: RestateRig;
beforeAll(async () => void (rig = await RestateRig.open()));
afterAll(() => rig[Symbol.asyncDispose]());

describe('the engine on Restate', () => {
  it('is registered once: whoever comes next finds it done', async () => {
    const before = await rig.deployments();
    expect(before).toHaveLength(1);
    const worker = await rig.worker(new Begins(), async () => lost);
    await rig.with([worker], async () => expect(await rig.register(rig.address.url)).toEqual([]));
    expect(await rig.deployments()).toEqual(before);
  });

  it('that comes with other limits is given as long as they say, at the address that is known', async () => {
    const worker = await rig.worker(new Begins(), async () => lost);
    const longer = { inactivityTimeout: 90 * 60_000, abortTimeout: 150 * 60_000 };
    await rig.with([worker], async () => {
      expect(await rig.register(rig.address.url, rig.server, longer)).toEqual([]);
      expect(await rig.timeouts()).toEqual(['1h 30m', '2h 30m']);
      expect(await rig.register(rig.address.url)).toEqual([]);
      expect(await rig.timeouts()).toEqual(['1h', '2h 1m']);
    });
  });

  it('is known to Restate with the limits of ours, and is never given up', async () => {
    const answer = await fetch(`${rig.server.adminUrls[0]}/services/${objectName}`);
    const service = (await answer.json()) as Record<string, unknown>;
    expect(service).toMatchObject({ name: objectName, ty: 'VirtualObject' });
    const text = JSON.stringify(service);
    expect(text).toContain('"inactivity_timeout":"1h');
    expect(text).toContain('"abort_timeout":"2h 1m');
    expect(text).toContain(`"max_attempts":${Number.MAX_SAFE_INTEGER}`);
  });

  it('advances one order of an execution at a time, and those of others beside it', async () => {
    const begins = new Begins();
    const first = Promise.withResolvers<Advanced>();
    const worker = await rig.worker(begins, async ({ id }) => (id === 'one' ? first.promise : lost));
    await rig.with([worker], async () => {
      await rig.hand('one', 'k1');
      await begins.until('one', 1);
      await rig.hand('one', 'k2');
      await rig.hand('other');
      await begins.until('other', 1);
      expect(begins.of('one')).toHaveLength(1);
      first.resolve(lost);
      await begins.until('one', 2);
      expect(begins.of('one')).toHaveLength(2);
    });
  });

  it('takes what is handed over twice under one key once', async () => {
    const begins = new Begins();
    const worker = await rig.worker(begins, async () => lost);
    await rig.with([worker], async () => {
      await rig.hand('twice', 'the key');
      await begins.until('twice', 1);
      await rig.hand('twice', 'the key');
      await rig.hand('twice', 'another key');
      await begins.until('twice', 2);
      expect(begins.of('twice')).toHaveLength(2);
    });
  });

  it('wakes what is parked at its time, not before', async () => {
    const begins = new Begins();
    const parked: Advanced = { kind: 'parked', wakeAt: Date.now() + 700, epoch: 1 };
    const worker = await rig.worker(begins, async () => (begins.of('sleeper').length === 1 ? parked : lost));
    await rig.with([worker], async () => {
      await rig.hand('sleeper');
      await begins.until('sleeper', 2);
      expect(begins.of('sleeper')[1]?.at ?? 0).toBeGreaterThanOrEqual(parked.wakeAt ?? 0);
    });
  });

  it('lets a wake pass that nobody needs any more, because somebody claimed the execution meanwhile', async () => {
    const begins = new Begins();
    let epoch = 1;
    const asked = Promise.withResolvers<void>();
    const worker = await rig.worker(
      begins,
      async () => {
        if (begins.of('stale').length > 1) return lost;
        return { kind: 'parked', wakeAt: Date.now() + 200, epoch: 1 };
      },
      { epoch: () => (asked.resolve(), epoch) },
    );
    await rig.with([worker], async () => {
      await rig.hand('stale');
      await begins.until('stale', 1);
      epoch = 2;
      await asked.promise;
      // Its turn came after the wake's: the wake did nothing.
      await rig.hand('stale', 'after');
      await begins.until('stale', 2);
      expect(begins.of('stale')).toHaveLength(2);
    });
  });

  it('goes on at once with what was woken while it ran', async () => {
    const begins = new Begins();
    const worker = await rig.worker(begins, async (runnable: Runnable) => {
      if (begins.of('woken').length === 1) worker.engine.wake(runnable);
      return { kind: 'parked', wakeAt: null, epoch: 1 };
    });
    await rig.with([worker], async () => {
      await rig.hand('woken');
      await begins.until('woken', 2);
      expect(begins.of('woken')).toHaveLength(2);
    });
  });

  it('gives again what could not begin', async () => {
    const begins = new Begins();
    const worker = await rig.worker(begins, async () => {
      if (begins.of('again').length < 3) throw new Error('The database is away.');
      return lost;
    });
    await rig.with([worker], async () => {
      await rig.hand('again');
      await begins.until('again', 3);
      expect(begins.of('again')).toHaveLength(3);
    });
  });

  it('drains: what runs comes to its end here, and what comes goes to another worker', async () => {
    const begins = new Begins();
    const running = Promise.withResolvers<Advanced>();
    const [old, other] = [
      await rig.worker(begins, () => running.promise, { name: 'old' }),
      await rig.worker(begins, async () => lost, { name: 'other' }),
    ];
    await rig.with([old], async () => {
      await rig.hand('running');
      await begins.until('running', 1);
      rig.address.ports.push(other.endpoint.port);
      let isDrained = false;
      const drained = old.engine.drain().then(() => (isDrained = true));
      for (const id of ['d1', 'd2', 'd3']) await rig.hand(id);
      for (const id of ['d1', 'd2', 'd3']) await begins.until(id, 1);
      expect(['d1', 'd2', 'd3'].map((id) => begins.of(id)[0]?.worker)).toEqual(['other', 'other', 'other']);
      expect(isDrained).toBe(false);
      running.resolve({ kind: 'parked', wakeAt: Date.now(), epoch: 1 });
      await drained;
      // What it parked to make room goes on there.
      await begins.until('running', 2);
      expect(begins.of('running').map(({ worker }) => worker)).toEqual(['old', 'other']);
      await other.engine.drain();
    });
  });

  it('takes an interrupted run of a worker that drains for not done', async () => {
    const begins = new Begins();
    const running = Promise.withResolvers<Advanced>();
    const [old, other] = [
      await rig.worker(begins, () => running.promise, { name: 'old' }),
      await rig.worker(begins, async () => lost, { name: 'other' }),
    ];
    await rig.with([old], async () => {
      await rig.hand('interrupted');
      await begins.until('interrupted', 1);
      rig.address.ports.push(other.endpoint.port);
      const drained = old.engine.drain();
      running.resolve(lost);
      await drained;
      await begins.until('interrupted', 2);
      expect(begins.of('interrupted').map(({ worker }) => worker)).toEqual(['old', 'other']);
      await other.engine.drain();
    });
  });

  it('gives what a killed worker ran to another one', async () => {
    const begins = new Begins();
    const child = fork(new URL('killed-worker.ts', import.meta.url), { stdio: 'ignore' });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    rig.address.ports.push(port);
    const began = once(child, 'message');
    await rig.hand('orphan');
    expect(await began).toEqual([{ began: 'orphan' }, undefined]);
    const other = await rig.worker(begins, async () => lost, { name: 'other' });
    await rig.with([other], async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await begins.until('orphan', 1);
      expect(begins.of('orphan').map(({ worker }) => worker)).toEqual(['other']);
    });
  });
});

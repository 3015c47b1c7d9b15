import { describe, expect, it } from 'vitest';
import { inngestPlace, installed } from '../../../src/engines/inngest/inngest-client.ts';
import { InngestEngine } from '../../../src/engines/inngest/inngest-engine.ts';
import type { Turn } from '../../../src/engines/inngest/inngest-engine.ts';
import { readOrderData } from '../../../src/engines/inngest/inngest-order.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import type { Execution } from '../../../src/work/execution.ts';
import type { Advanced } from '../../../src/workflows/run-services.ts';

type Look = Pick<Execution, 'epoch' | 'status' | 'wakeAt'> | null;

/** An engine without Inngest at the time 1000: what a turn is answered with, and how often it advances. */
function rig(look: Look, comesTo: () => Promise<Advanced> = async () => ({ kind: 'lost' })) {
  const counted = { advances: 0 };
  const engine = new InngestEngine(
    { maxConcurrentExecutions: 1 },
    {
      clock: new TestClock(1_000),
      onRunnable: () => {},
      queue: () => ({ ready: 0, queued: 0, taken: 0, sleeping: 0 }),
      look: async () => look,
    },
  );
  engine.serve(() => {
    counted.advances += 1;
    return comesTo();
  });
  const turn = (epoch: number | null): Promise<Turn> => engine.perform({ tenant: 't', id: 'x', priority: 0, epoch });
  return { engine, counted, turn };
}

const days = 24 * 60 * 60 * 1_000;

describe('a turn', () => {
  it.each<[string, Look, number, Turn]>([
    ['advances what it is for', { epoch: 1, status: 'waiting', wakeAt: 500 }, 1, { kind: 'done' }],
    ['advances what a run left that died', { epoch: 2, status: 'running', wakeAt: null }, 1, { kind: 'done' }],
    [
      'sleeps on by as much as the clock of Inngest is ahead',
      { epoch: 1, status: 'waiting', wakeAt: 1_200 },
      0,
      { kind: 'wake', at: 1_400, epoch: 1 },
    ],
    [
      'sleeps on where the sleep was cut short',
      { epoch: 1, status: 'waiting', wakeAt: 1_000 + 2 * days },
      0,
      { kind: 'wake', at: 1_000 + 2 * days, epoch: 1 },
    ],
    [
      'sleeps for six days at most',
      { epoch: 1, status: 'waiting', wakeAt: 1_000 + 30 * days },
      0,
      { kind: 'wake', at: 1_000 + 6 * days, epoch: 1 },
    ],
    [
      'ends where somebody has claimed it since: who did sleeps for it',
      { epoch: 2, status: 'waiting', wakeAt: 4_000 },
      0,
      { kind: 'done' },
    ],
    ['ends where it has ended', { epoch: 2, status: 'cancelled', wakeAt: null }, 0, { kind: 'done' }],
    ['ends where it is not there any more', null, 0, { kind: 'done' }],
  ])('of a wake %s', async (_, look, advances, answer) => {
    const { counted, turn } = rig(look);
    expect(await turn(1)).toEqual(answer);
    expect(counted.advances).toBe(advances);
  });

  it('goes on at once with what is due, and with what was woken while it ran', async () => {
    const due = rig(null, async () => ({ kind: 'parked', wakeAt: 900, epoch: 3 }));
    expect(await due.turn(null)).toEqual({ kind: 'again', epoch: 3 });
    const woken = rig(null, async () => {
      woken.engine.wake({ tenant: 't', id: 'x', priority: 0 });
      return { kind: 'parked', wakeAt: null, epoch: 3 };
    });
    expect(await woken.turn(null)).toEqual({ kind: 'again', epoch: null });
  });

  it('is for another worker while this one drains, and fails where it could not begin', async () => {
    const draining = rig(null);
    await draining.engine.drain();
    expect(await draining.turn(null)).toEqual({ kind: 'elsewhere' });
    const broken = rig(null, async () => {
      throw new Error('The database is away.');
    });
    await expect(broken.turn(null)).rejects.toThrow('The database is away.');
    expect(broken.engine.statistics().running).toBe(0);
  });
});

it('an event is an order where it names an execution and its tenant', () => {
  const whole = { executionId: 'x', tenantId: 't', squadId: null, userId: null, priority: 2, epoch: 7 };
  expect(readOrderData(whole)).toEqual({ id: 'x', tenant: 't', priority: 2, epoch: 7 });
  expect(readOrderData({ executionId: 'x', tenantId: 't' })).toEqual({
    id: 'x',
    tenant: 't',
    priority: 0,
    epoch: null,
  });
  const none = [null, 'x', {}, { executionId: 'x' }, { ...whole, epoch: '7' }, { ...whole, priority: 'high' }];
  expect(none.map(readOrderData)).toEqual(none.map(() => null));
});

it('Inngest is in the cloud, on this machine, or where the settings say', () => {
  const keys = { inngestEventKey: null, inngestSigningKey: null, codeVersion: null };
  const at = (inngestBaseUrl: string | null, inngestDev: string | null) =>
    inngestPlace({ ...keys, inngestBaseUrl, inngestDev });
  expect(at(null, null)).toEqual({ api: 'https://api.inngest.com/', events: 'https://inn.gs/' });
  expect(at(null, 'true').api).toBe('http://localhost:8288/');
  expect(at(null, 'http://dev:1').events).toBe('http://dev:1');
  expect(at('http://own:2', 'http://dev:1').api).toBe('http://own:2');
});

it('a process that lacks the SDK says how it is installed; what else goes wrong in it stays as it is', async () => {
  const missing = Object.assign(new Error("Cannot find package 'inngest'"), { code: 'ERR_MODULE_NOT_FOUND' });
  await expect(installed(() => Promise.reject(missing))).rejects.toMatchObject({
    code: 'INVALID_SETTING',
    message: expect.stringContaining('npm install inngest@4'),
    cause: missing,
  });
  const other = new Error('Out of memory');
  await expect(installed(() => Promise.reject(other))).rejects.toBe(other);
});

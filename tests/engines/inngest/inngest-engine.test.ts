import { describe, expect, it } from 'vitest';
import type { Advanced } from '../../../src/workflows/run-services.ts';
import { canonical, signature } from './signed-calls.ts';
import { eventually, InngestRig } from './inngest-rig.ts';
import { testKeys } from './stage-inngest.ts';

/** It has ended, or somebody else has it: nothing follows. */
const over: Advanced = { kind: 'lost' };
const functionId = 'squadra-execute-agent-workflow';

describe('a worker that serves', () => {
  it('tells Inngest what it has: one call at a time for an execution, given up after 21 attempts, and what is given up again', async () => {
    await using rig = await InngestRig.open();
    const worker = await rig.worker(async () => over);
    expect(await rig.register(worker)).toEqual([]);
    expect(rig.server.executor.functions).toMatchObject([
      {
        id: functionId,
        triggers: [{ event: 'agent/workflow.execute' }],
        concurrency: [{ key: 'event.data.executionId', limit: 1 }],
        steps: { step: { runtime: { url: expect.stringContaining('/api/inngest?') }, retries: { attempts: 20 } } },
      },
      {
        id: 'squadra-resume-agent-workflow',
        triggers: [
          { event: 'inngest/function.failed', expression: `event.data.function_id == '${functionId}'` },
          { event: 'inngest/function.cancelled', expression: `event.data.function_id == '${functionId}'` },
        ],
      },
    ]);
  });

  it('signs in with its key, and says what is wrong where that is another one', async () => {
    await using rig = await InngestRig.open();
    const worker = await rig.worker(async () => over, { signingKey: `signkey-test-${'ff'.repeat(32)}` });
    const [problem] = await rig.register(worker);
    expect(problem).toMatch(/does not register this worker: 401 .*Invalid signing key/);
    expect(rig.server.executor.functions).toEqual([]);
  });

  it('sends away who has not signed, or signed something else', async () => {
    await using rig = await InngestRig.open();
    const worker = await rig.worker(async () => over);
    const call = (header: string | null, body: string): Promise<Response> =>
      fetch(`${worker.endpoint?.ownUrl}/api/inngest?fnId=${functionId}&stepId=step`, {
        method: 'POST',
        headers: header === null ? {} : { 'x-inngest-signature': header },
        body,
      });
    const event = { name: 'agent/workflow.execute', data: { executionId: 'x', tenantId: 't' } };
    const body = canonical({ version: 2, event, events: [event], steps: {}, ctx: { run_id: 'r', attempt: 0 } });
    const now = Math.floor(Date.now() / 1_000);
    const statuses = [
      (await call(null, body)).status,
      (await call(signature(`${body} `, testKeys.signingKey, now), body)).status,
      (await call(signature(body, testKeys.signingKey, now - 3_600), body)).status,
    ];
    expect(statuses).toEqual([401, 401, 401]);
    expect(worker.begun).toEqual([]);
    expect((await call(signature(body, testKeys.signingKey, now), body)).status).toBe(206);
    expect(worker.begun).toEqual(['x']);
  });

  it('answers elsewhere than at /api/inngest that there is nothing', async () => {
    await using rig = await InngestRig.open();
    const worker = await rig.worker(async () => over);
    expect((await fetch(`${worker.endpoint?.ownUrl}/elsewhere`)).status).toBe(404);
  });
});

describe.each(['serve', 'connect'] as const)('an order, where workers %s', (transport) => {
  async function with_(
    advance: Parameters<InngestRig['worker']>[0],
    options: Parameters<InngestRig['worker']>[1] = {},
  ): Promise<{ rig: InngestRig; worker: Awaited<ReturnType<InngestRig['worker']>> }> {
    const rig = await InngestRig.open();
    const worker = await rig.worker(advance, { ...options, transport });
    if (transport === 'serve') await rig.register(worker);
    else await rig.server.gateway.until(1);
    return { rig, worker };
  }

  it('is an event that names the execution, its squad, its user and its tenant; the same one is carried out once', async () => {
    const { rig, worker } = await with_(async () => over);
    await using _ = rig;
    await rig.hand('x');
    await rig.hand('x');
    await rig.hand('x', 'outbox-2');
    await rig.hand('deleted');
    await eventually(() => rig.server.executor.runs.filter(({ status }) => status === 'completed').length === 2);
    expect(worker.begun).toEqual(['x', 'x']);
    expect(rig.server.executor.runs[0]?.event).toMatchObject({
      name: 'agent/workflow.execute',
      id: 'x-outbox-1',
      data: { executionId: 'x', squadId: 'squad-1', userId: 'ada', tenantId: 't', priority: 3 },
    });
    expect(rig.server.executor.runs).toHaveLength(2);
  });

  it('is advanced once, and what comes after it is called with the result that Inngest has kept', async () => {
    let at = 0;
    const advanced: number[] = [];
    const { rig, worker } = await with_(
      async () => {
        advanced.push(Date.now());
        // Far enough that it is still to come when it is looked at next, however busy the machine is.
        if (advanced.length === 1) at = Date.now() + 1_500;
        return worker.begun.length === 1 ? { kind: 'parked', wakeAt: at, epoch: 1 } : over;
      },
      { look: () => ({ epoch: 1, status: 'waiting', wakeAt: at }) },
    );
    await using _ = rig;
    await rig.hand('sleeper');
    const [run] = rig.server.executor.runs;
    await eventually(() => run?.status === 'completed');
    expect(advanced).toHaveLength(2);
    expect(advanced[1]).toBeGreaterThanOrEqual(at);
    // advance, sleep, advance, end
    expect(run?.calls).toBe(4);
    expect(Object.values(run?.steps ?? {})).toEqual([
      { type: 'data', data: { kind: 'wake', at, epoch: 1 } },
      null,
      { type: 'data', data: { kind: 'done' } },
    ]);
  });

  it('that could not begin is given again', async () => {
    const { rig, worker } = await with_(async () => {
      if (worker.begun.length < 4) throw new Error('The database is away.');
      return over;
    });
    await using _ = rig;
    await rig.hand('again');
    await eventually(() => rig.server.executor.runs[0]?.status === 'completed');
    expect(worker.begun).toHaveLength(4);
  });

  it('that failed as often as a step may goes on with another one; one that somebody cancels there is ordered again', async () => {
    const running = Promise.withResolvers<Advanced>();
    const { rig, worker } = await with_(async () => {
      if (worker.begun.length <= 21) throw new Error('The database is away.');
      return worker.begun.length === 22 ? running.promise : over;
    });
    await using _ = rig;
    await rig.hand('given-up');
    await worker.until(22);
    const [run] = rig.server.executor.runs;
    expect(rig.server.executor.runs).toHaveLength(1);
    expect(Object.values(run?.steps ?? {})).toMatchObject([{ type: 'error' }, null]);
    if (run !== undefined) rig.server.executor.cancel(run);
    running.resolve(over);
    await eventually(() => rig.server.executor.runs.filter(({ status }) => status === 'completed').length === 2);
    expect(rig.server.executor.runs.map(({ status }) => status)).toEqual(['cancelled', 'completed', 'completed']);
    expect(worker.begun).toHaveLength(23);
    expect(new Set(worker.begun)).toEqual(new Set(['given-up']));
  });

  it('goes to another worker when its own has no place for it', async () => {
    const first = Promise.withResolvers<Advanced>();
    const { rig, worker } = await with_(() => first.promise, { places: 1 });
    await using _ = rig;
    await rig.hand('first');
    await worker.until(1);
    await rig.hand('second');
    await eventually(() => worker.engine.statistics().ready === 1);
    expect(worker.begun).toEqual(['first']);
    const other = await rig.worker(async () => over, { transport });
    if (transport === 'serve') await rig.register(other);
    else worker.connection?.refuse();
    await other.until(1);
    expect([worker.begun, other.begun]).toEqual([['first'], ['second']]);
    first.resolve(over);
  });

  it('that is no order is left alone', async () => {
    const { rig, worker } = await with_(async () => over);
    await using _ = rig;
    rig.server.executor.take({ name: 'agent/workflow.execute', data: { executionId: 7 } });
    await eventually(() => rig.server.executor.runs[0]?.status === 'completed');
    expect(worker.begun).toEqual([]);
    expect(rig.server.executor.runs[0]?.output).toEqual({ ignored: 'This event is no order.' });
  });

  it('that runs while its worker drains comes to its end there, and goes on elsewhere', async () => {
    const running = Promise.withResolvers<Advanced>();
    const { rig, worker } = await with_(() => running.promise, {
      look: () => ({ epoch: 1, status: 'waiting', wakeAt: 0 }),
    });
    await using _ = rig;
    await rig.hand('draining');
    await worker.until(1);
    const other = await rig.worker(async () => over, {
      transport,
      look: () => ({ epoch: 1, status: 'waiting', wakeAt: 0 }),
    });
    if (transport === 'connect') await rig.server.gateway.until(2);
    let isDrained = false;
    const drained = worker.engine.drain().then(() => (isDrained = true));
    if (transport === 'serve') await rig.register(other);
    expect(isDrained).toBe(false);
    running.resolve({ kind: 'parked', wakeAt: Date.now(), epoch: 1 });
    await drained;
    await eventually(() => rig.server.executor.runs[0]?.status === 'completed');
    expect([worker.begun, other.begun]).toEqual([['draining'], ['draining']]);
  });
});

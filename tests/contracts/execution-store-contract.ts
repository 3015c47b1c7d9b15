import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executionTransitions } from '../../src/work/execution.ts';
import type { StatusRecord } from '../../src/work/journal.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { completedStep, ended, newExecution, newId, running, status, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

const broken = { name: 'Error', message: 'broken' };

/** What every `ExecutionStore` does: accepting, owning, and the commands from outside. */
export function executionStoreContract(open: OpenState): void {
  let state: ContractState;
  const clock = new TestClock();
  beforeAll(async () => {
    state = await open(clock);
  });
  afterAll(() => state[Symbol.asyncDispose]());

  const statusOf = async (tenant: string, id: string) => (await state.reports.get(tenant, id))?.status;
  const journalOf = async (tenant: string, id: string) => state.reports.records(tenant, id, 0, 1_000);
  const statusesOf = async (tenant: string, id: string) =>
    (await journalOf(tenant, id)).flatMap((record) => (record.kind === 'status' ? [record.status] : []));

  describe('submitting', () => {
    it.each([
      ['created', ['created']],
      ['queued', ['queued']],
      ['running', ['queued', 'running']],
    ] as const)('stores an execution as %s, with the request and its way there', async (given, way) => {
      const { tenant, foreign } = twoTenants();
      const execution = newExecution({ status: given, userId: 'user-7', priority: 7, metadata: '{"from":"test"}' });
      const submitted = await state.executions.submit(tenant, execution);
      expect(submitted).toMatchObject({ id: execution.id, status: given, existing: false });
      expect(submitted.session?.epoch ?? null).toBe(given === 'running' ? 1 : null);
      expect(await state.reports.get(tenant, execution.id)).toMatchObject({
        tenant,
        userId: 'user-7',
        status: given,
        priority: 7,
        input: { message: 'Add a login page' },
        metadata: { from: 'test' },
        createdAt: execution.createdAt,
        endedAt: null,
      });
      const [request] = await journalOf(tenant, execution.id);
      const message = { role: 'user', kind: 'request', memberId: null, text: 'Add a login page', stepKey: null };
      expect(request).toEqual({ kind: 'message', seq: 1, at: execution.createdAt, message });
      expect(await statusesOf(tenant, execution.id)).toEqual(way);
      expect(await state.reports.get(foreign, execution.id)).toBeNull();
      expect(await journalOf(foreign, execution.id)).toEqual([]);
    });

    it('has no request message when the input is not one', async () => {
      const { tenant } = twoTenants();
      const execution = newExecution({ input: '[1,2]', isRequest: false });
      await state.executions.submit(tenant, execution);
      expect((await journalOf(tenant, execution.id)).map(({ kind }) => kind)).toEqual(['status']);
      expect((await state.reports.get(tenant, execution.id))?.input).toEqual([1, 2]);
    });

    it('answers the earlier execution for the same key and request, and stores nothing', async () => {
      const { tenant, foreign } = twoTenants();
      const idempotency = { key: 'order-1', requestHash: 'aa' };
      const first = newExecution({ idempotency });
      await state.executions.submit(tenant, first);
      const again = await state.executions.submit(tenant, newExecution({ idempotency, status: 'running' }));
      expect(again).toEqual({ id: first.id, status: 'queued', existing: true, session: null });
      const other = newExecution({ idempotency: { key: 'order-1', requestHash: 'bb' } });
      await expect(state.executions.submit(tenant, other)).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
        details: { executionId: first.id },
      });
      expect(await state.reports.list(tenant, { limit: 10 })).toHaveLength(1);
      expect((await state.executions.submit(foreign, newExecution({ idempotency }))).existing).toBe(false);
    });

    it('stores one of many simultaneous submissions with one key', async () => {
      const { tenant } = twoTenants();
      const idempotency = { key: 'k', requestHash: 'aa' };
      const all = await Promise.all(
        Array.from({ length: 50 }, () => state.executions.submit(tenant, newExecution({ idempotency }))),
      );
      expect(all.filter(({ existing }) => !existing)).toHaveLength(1);
      expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    });
  });

  describe('claiming', () => {
    it('raises the epoch each time and hands out all that was committed', async () => {
      const { tenant, foreign } = twoTenants();
      const execution = newExecution();
      await state.executions.submit(tenant, execution);
      expect(await state.executions.claim(foreign, execution.id)).toBeNull();
      expect(await state.executions.claim(tenant, newId())).toBeNull();
      const first = await state.executions.claim(tenant, execution.id);
      expect(first?.execution).toMatchObject({ status: 'running', epoch: 1, startedAt: clock.now() });
      await first?.session.commit({ records: [completedStep('plan')] });
      await state.executions.signal(tenant, execution.id, { signalId: newId(), name: 'go', payload: '1' });
      const second = await state.executions.claim(tenant, execution.id);
      expect(second?.session.epoch).toBe(2);
      expect(second?.records).toEqual(await journalOf(tenant, execution.id));
      expect(second?.records.some((record) => record.kind === 'step' && record.key === 'plan')).toBe(true);
      expect(second?.signals).toMatchObject([{ name: 'go', payload: '1' }]);
    });

    it('gives nothing to run for an execution that was not started or has ended', async () => {
      const { tenant } = twoTenants();
      const created = newExecution({ status: 'created' });
      await state.executions.submit(tenant, created);
      expect(await state.executions.claim(tenant, created.id)).toBeNull();
      for (const name of ['completed', 'failed'] as const) {
        expect(await state.executions.claim(tenant, await ended(state, tenant, name))).toBeNull();
      }
      await state.executions.cancel(tenant, created.id, null);
      expect(await state.executions.claim(tenant, created.id)).toBeNull();
    });

    it.each([
      ['a newer claim', (tenant: string, id: string) => state.executions.claim(tenant, id)],
      ['a cancel', (tenant: string, id: string) => state.executions.cancel(tenant, id, 'enough')],
    ])('fences the owner before it: after %s its commits are refused', async (_, overtake) => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant);
      await session.commit({ records: [completedStep('one')] });
      await overtake(tenant, id);
      const before = await journalOf(tenant, id);
      for (const records of [[completedStep('two')], [status('completed', { output: '1' })]]) {
        await expect(session.commit({ records })).rejects.toMatchObject({ code: 'STALE_OWNER' });
      }
      expect(await journalOf(tenant, id)).toEqual(before);
      expect(await statusOf(tenant, id)).not.toBe('completed');
    });

    it('fences an owner that has ended or parked its run', async () => {
      const { tenant } = twoTenants();
      for (const record of [
        status('completed', { output: '1' }),
        status('failed', { error: broken }),
        status('waiting', { wakeAt: 5 }),
      ]) {
        const { session } = await running(state, tenant);
        await session.commit({ records: [record] });
        const late = session.commit({ records: [completedStep('late')] });
        await expect(late).rejects.toMatchObject({ code: 'STALE_OWNER' });
      }
    });

    it('lets exactly one of many simultaneous owners go on', async () => {
      const { tenant } = twoTenants();
      const execution = newExecution();
      await state.executions.submit(tenant, execution);
      const claims = await Promise.all(Array.from({ length: 20 }, () => state.executions.claim(tenant, execution.id)));
      const epochs = claims.map((claim) => claim?.session.epoch);
      expect(epochs).toEqual(Array.from({ length: 20 }, (_, number) => number + 1));
      const outcomes = await Promise.allSettled(
        claims.map(async (claim) => claim?.session.commit({ records: [completedStep('only')] })),
      );
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
      expect(outcomes.at(-1)?.status).toBe('fulfilled');
    });
  });

  describe('commands from outside', () => {
    it('start moves from created to queued, once', async () => {
      const { tenant, foreign } = twoTenants();
      const { id } = await state.executions.submit(tenant, newExecution({ status: 'created', priority: 3 }));
      await expect(state.executions.start(foreign, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const started = await state.executions.start(tenant, id);
      expect(started).toMatchObject({ status: 'queued', changed: true, priority: 3 });
      expect(await state.executions.start(tenant, id)).toMatchObject({ status: 'queued', changed: false });
      await state.executions.cancel(tenant, id, null);
      await expect(state.executions.start(tenant, id)).rejects.toMatchObject({
        code: 'ALREADY_ENDED',
        details: { executionStatus: 'cancelled' },
      });
    });

    it('cancel ends what is open, with its reason, once', async () => {
      const { tenant, foreign } = twoTenants();
      for (const given of ['created', 'queued', 'running'] as const) {
        const { id } = await state.executions.submit(tenant, newExecution({ status: given }));
        await expect(state.executions.cancel(foreign, id, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
        expect(await state.executions.cancel(tenant, id, 'enough')).toMatchObject({
          status: 'cancelled',
          changed: true,
        });
        expect(await state.executions.cancel(tenant, id, 'again')).toMatchObject({
          status: 'cancelled',
          changed: false,
        });
        const cancelled = { status: 'cancelled', reason: 'enough', endedAt: clock.now(), wakeAt: null };
        expect(await state.reports.get(tenant, id)).toMatchObject(cancelled);
        expect((await journalOf(tenant, id)).at(-1)).toMatchObject({ status: 'cancelled', reason: 'enough' });
      }
    });

    it.each(['completed', 'failed'] as const)('cancel refuses what is %s', async (name) => {
      const { tenant } = twoTenants();
      const id = await ended(state, tenant, name);
      await expect(state.executions.cancel(tenant, id, null)).rejects.toMatchObject({
        code: 'ALREADY_ENDED',
        details: { executionStatus: name },
      });
    });

    it('retry queues a failed execution again, and its committed steps stay', async () => {
      const { tenant, foreign } = twoTenants();
      const { id, session } = await running(state, tenant);
      await session.commit({ records: [completedStep('plan')] });
      await session.commit({ records: [status('failed', { error: broken })] });
      expect(await state.reports.get(tenant, id)).toMatchObject({ status: 'failed', error: broken });
      await expect(state.executions.retry(foreign, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await state.executions.retry(tenant, id)).toMatchObject({ status: 'queued', changed: true });
      expect(await state.reports.get(tenant, id)).toMatchObject({ status: 'queued', error: null, endedAt: null });
      const claim = await state.executions.claim(tenant, id);
      expect(claim?.records.filter((record) => record.kind === 'step')).toMatchObject([{ key: 'plan' }]);
      expect(await statusesOf(tenant, id)).toEqual(['queued', 'running', 'failed', 'queued', 'running']);
    });

    it('retry refuses what has not failed', async () => {
      const { tenant } = twoTenants();
      const completed = await ended(state, tenant, 'completed');
      const { id } = await running(state, tenant);
      for (const [given, name] of [
        [completed, 'completed'],
        [id, 'running'],
      ] as const) {
        await expect(state.executions.retry(tenant, given)).rejects.toMatchObject({
          code: 'ILLEGAL_TRANSITION',
          details: { executionStatus: name },
        });
      }
    });

    it('lets exactly one of many simultaneous retries change something', async () => {
      const { tenant } = twoTenants();
      const id = await ended(state, tenant, 'failed');
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => state.executions.retry(tenant, id)));
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    });

    it('signals queue in the order they came, and the same one counts once', async () => {
      const { tenant, foreign } = twoTenants();
      const { id, session } = await running(state, tenant);
      const send = (signalId: string, name: string, payload: string) =>
        state.executions.signal(tenant, id, { signalId, name, payload });
      const ids = [newId(), newId(), newId()] as const;
      const stranger = state.executions.signal(foreign, id, { signalId: newId(), name: 'go', payload: '0' });
      await expect(stranger).rejects.toMatchObject({ code: 'NOT_FOUND' });
      // The later id first: the order is that of coming, not of the ids.
      expect(await send(ids[2], 'go', '"first"')).toMatchObject({ status: 'running', changed: true });
      await send(ids[0], 'stop', '"second"');
      await send(ids[1], 'go', '"third"');
      expect(await send(ids[2], 'go', '"again"')).toMatchObject({ changed: false });
      expect((await session.signals()).map(({ payload }) => payload)).toEqual(['"first"', '"second"', '"third"']);
      await session.commit({ records: [completedStep('wait')], takesSignal: ids[2] });
      expect((await session.signals()).map((signal) => signal.id)).toEqual([ids[0], ids[1]]);
      expect(await send(ids[2], 'go', '"late"')).toMatchObject({ changed: false });
    });

    it('lead only from one status to another that may follow it', async () => {
      const { tenant } = twoTenants();
      const { id } = await state.executions.submit(tenant, newExecution({ status: 'created' }));
      const advance = async (...records: readonly StatusRecord[]) => {
        const claim = await state.executions.claim(tenant, id);
        await claim?.session.commit({ records });
      };
      await state.executions.start(tenant, id);
      await advance(status('waiting', { wakeAt: 1 }));
      await advance(status('failed', { error: broken }));
      await state.executions.retry(tenant, id);
      await advance(status('waiting'));
      await state.executions.cancel(tenant, id, null);
      const way = await statusesOf(tenant, id);
      expect(way).toHaveLength(10);
      for (const [place, next] of way.slice(1).entries()) {
        expect(executionTransitions[way[place] ?? 'completed']).toContain(next);
      }
    });

    it('a signal to an execution that has ended is refused', async () => {
      const { tenant } = twoTenants();
      const id = await ended(state, tenant, 'completed');
      const late = state.executions.signal(tenant, id, { signalId: newId(), name: 'go', payload: '1' });
      await expect(late).rejects.toMatchObject({ code: 'ALREADY_ENDED', details: { executionStatus: 'completed' } });
    });
  });
}

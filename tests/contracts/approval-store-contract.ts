import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvalSignal } from '../../src/work/approval-store.ts';
import type { ApprovalRequest } from '../../src/work/approval-store.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { completedStep, newId, running, status, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

/** What every `ApprovalStore` does. */
export function approvalStoreContract(open: OpenState): void {
  describe('an approval store', () => {
    let state: ContractState;
    const clock = new TestClock();
    beforeAll(async () => {
      state = await open(clock);
    });
    afterAll(() => state[Symbol.asyncDispose]());

    /** A running execution that asks, as a run does it: in the record of the waiting step. */
    const ask = async (tenant: string, stepKey = 'release') => {
      const { id: executionId, session } = await running(state, tenant);
      const request: ApprovalRequest = {
        id: newId(),
        title: 'Go ahead?',
        details: 'All of it',
        choices: ['yes', 'no'],
      };
      const waiting = completedStep(stepKey, {
        type: 'approval',
        phase: 'waiting',
        output: null,
        details: JSON.stringify(request),
      });
      await session.commit({ records: [waiting], awaitedSignals: [approvalSignal(stepKey)] });
      const asked = {
        ...request,
        executionId,
        stepKey,
        status: 'pending',
        choice: null,
        by: null,
        comment: null,
        text: null,
      };
      return { id: request.id, executionId, session, asked: { ...asked, createdAt: clock.now(), answeredAt: null } };
    };

    it('shows what was asked, to the tenant only', async () => {
      const { tenant, foreign } = twoTenants();
      const { id, asked } = await ask(tenant);
      expect(await state.approvals.get(tenant, id)).toEqual(asked);
      expect(await state.approvals.get(foreign, id)).toBeNull();
      expect(await state.approvals.list(foreign, { limit: 10 })).toEqual([]);
    });

    it('notes who answered what and when, and leaves the answer for the waiting step', async () => {
      const { tenant, foreign } = twoTenants();
      const { id, asked, session } = await ask(tenant);
      await clock.advance(60_000);
      const answer = { choice: 'yes', by: 'ann', comment: 'good “work”', text: 'In May.\nNot before.' };
      await expect(state.approvals.answer(foreign, id, answer)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const { approval: answered } = await state.approvals.answer(tenant, id, answer);
      expect(answered).toEqual({ ...asked, ...answer, status: 'answered', answeredAt: clock.now() });
      expect(await state.approvals.get(tenant, id)).toEqual(answered);
      const [signal] = await session.signals();
      expect(signal).toMatchObject({ id, name: approvalSignal('release') });
      expect(JSON.parse(signal?.payload ?? '')).toEqual(answer);
    });

    it('takes one answer of many simultaneous ones', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await ask(tenant);
      const answers = Array.from({ length: 10 }, (_, number) =>
        state.approvals.answer(tenant, id, { choice: 'no', by: `person-${number}` }),
      );
      const outcomes = await Promise.allSettled(answers);
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
      const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'ALREADY_ANSWERED' });
      expect(await session.signals()).toHaveLength(1);
    });

    it('refuses a choice that was not offered, naming those that were', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await ask(tenant);
      const answer = state.approvals.answer(tenant, id, { choice: 'maybe', by: 'ann' });
      await expect(answer).rejects.toMatchObject({ code: 'UNKNOWN_CHOICE', details: { choices: ['yes', 'no'] } });
      expect((await state.approvals.get(tenant, id))?.status).toBe('pending');
      expect(await session.signals()).toEqual([]);
    });

    it('lists newest first by status and execution, page by page', async () => {
      const { tenant } = twoTenants();
      const asked = [await ask(tenant), await ask(tenant), await ask(tenant)];
      const [oldest, middle, newest] = asked.map(({ id }) => id);
      await state.approvals.answer(tenant, middle ?? '', { choice: 'yes', by: 'ann' });
      const ids = async (filter: object) =>
        (await state.approvals.list(tenant, { limit: 10, ...filter })).map(({ id }) => id);
      expect(await ids({})).toEqual([newest, middle, oldest]);
      expect(await ids({ status: 'pending' })).toEqual([newest, oldest]);
      expect(await ids({ status: 'answered' })).toEqual([middle]);
      expect(await ids({ status: 'pending', limit: 1 })).toEqual([newest]);
      expect(await ids({ status: 'pending', before: newest })).toEqual([oldest]);
      expect(await ids({ executionId: asked[0]?.executionId })).toEqual([oldest]);
      expect(await ids({ executionId: newId() })).toEqual([]);
    });

    it('expires a question whose wait ended without an answer', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await ask(tenant);
      await session.commit({ records: [completedStep('release', { type: 'approval', output: '{"timedOut":true}' })] });
      expect((await state.approvals.get(tenant, id))?.status).toBe('expired');
      const late = state.approvals.answer(tenant, id, { choice: 'yes', by: 'ann' });
      await expect(late).rejects.toMatchObject({ code: 'ALREADY_ANSWERED', details: { status: 'expired' } });
    });

    it('keeps an answer when the waiting step takes it', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await ask(tenant);
      await state.approvals.answer(tenant, id, { choice: 'yes', by: 'ann' });
      await session.commit({ records: [completedStep('release', { type: 'approval' })], takesSignal: id });
      expect((await state.approvals.get(tenant, id))?.status).toBe('answered');
      expect(await session.signals()).toEqual([]);
    });

    it('drops the open questions of an execution that is cancelled or completed, and keeps those of a failed one', async () => {
      const { tenant } = twoTenants();
      const [cancelled, completed, failed] = [await ask(tenant), await ask(tenant), await ask(tenant)];
      await state.executions.cancel(tenant, cancelled.executionId, null);
      await completed.session.commit({ records: [status('completed', { output: '1' })] });
      await failed.session.commit({ records: [status('failed', { error: { name: 'Error', message: 'broken' } })] });
      expect((await state.approvals.get(tenant, cancelled.id))?.status).toBe('cancelled');
      expect((await state.approvals.get(tenant, completed.id))?.status).toBe('cancelled');
      expect((await state.approvals.get(tenant, failed.id))?.status).toBe('pending');
    });
  });
}

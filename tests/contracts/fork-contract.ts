import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import type { InheritedItem, Inheritance } from '../../src/work/fork.ts';
import { noUsage } from '../../src/work/usage.ts';
import { completedStep, ended, newExecution, newId, newSquad, status, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

const nothing: Inheritance = { records: [], items: [], snapshot: null };

/** What every `ExecutionStore` does with an execution that takes something over. */
export function forkContract(open: OpenState): void {
  let state: ContractState;
  const clock = new TestClock();
  beforeAll(async () => {
    state = await open(clock);
  });
  afterAll(() => state[Symbol.asyncDispose]());

  const inheritedItem = (given: Partial<InheritedItem> = {}): InheritedItem => ({
    id: newId(),
    title: 'Write the plan',
    description: null,
    status: 'completed',
    priority: 0,
    memberId: 'm',
    stepKey: 'plan',
    artifacts: [{ path: 'plan.md', bytes: 3, stepKey: 'plan/tool/1.1' }],
    context: null,
    metadata: { seen: true },
    ...given,
  });

  describe('forking', () => {
    it('stores an execution with what it takes over, queued, in one', async () => {
      const { tenant, foreign } = twoTenants();
      const execution = newExecution({ metadata: '{"forkedFrom":{"executionId":"x"}}' });
      const message = {
        role: 'assistant',
        kind: 'answer',
        memberId: 'm',
        text: 'A plan.',
        stepKey: 'plan/model/1',
      } as const;
      const step = completedStep('plan/model/1', {
        type: 'model',
        attempt: 2,
        inputHash: 'aa',
        details: '{"forkedFrom":"x"}',
      });
      const item = inheritedItem();
      expect(
        await state.executions.fork(tenant, execution, {
          ...nothing,
          records: [{ kind: 'message', message }, step],
          items: [item],
        }),
      ).toBeNull();
      const records = await state.reports.records(tenant, execution.id, 0, 10);
      expect(records).toMatchObject([
        { seq: 1, kind: 'message', message: { kind: 'request', text: 'Add a login page' } },
        { seq: 2, kind: 'status', status: 'queued' },
        { seq: 3, kind: 'message', message },
        { seq: 4, ...step, at: execution.createdAt },
      ]);
      expect(await state.reports.get(tenant, execution.id)).toMatchObject({
        status: 'queued',
        usage: noUsage,
        epoch: 0,
      });
      expect(await state.workItems.get(tenant, item.id)).toMatchObject({
        ...item,
        executionId: execution.id,
        usage: noUsage,
        version: 1,
      });
      expect(await state.reports.records(foreign, execution.id, 0, 10)).toEqual([]);
      expect(await state.workItems.get(foreign, item.id)).toBeNull();

      const claim = await state.executions.claim(tenant, execution.id);
      expect(claim?.records.map(({ kind }) => kind)).toEqual(['message', 'status', 'message', 'step', 'status']);
      await claim?.session.commit({ records: [completedStep('next'), status('completed', { output: '1' })] });
      expect((await state.reports.records(tenant, execution.id, 5, 10)).map(({ seq }) => seq)).toEqual([6, 7]);
    });

    it('lets the execution go on with an item that it took over half done', async () => {
      const { tenant } = twoTenants();
      const execution = newExecution();
      const item = inheritedItem({ status: 'in_progress' });
      await state.executions.fork(tenant, execution, { ...nothing, items: [item] });
      const claim = await state.executions.claim(tenant, execution.id);
      await claim?.session.commit({
        records: [completedStep('plan/model/2')],
        items: [{ change: 'complete', id: item.id }],
      });
      expect((await state.workItems.get(tenant, item.id))?.status).toBe('completed');
    });

    it('keeps a squad of its own beside the versions of that squad, each under its own number', async () => {
      const { tenant, foreign } = twoTenants();
      const squad = newSquad();
      const [member] = squad.members;
      await state.squads.create(tenant, squad);
      const forked = async (model: string, changedMembers: readonly string[]) => {
        const execution = newExecution({ squadId: squad.id, squadVersion: 1 });
        const members = squad.members.map((each) => ({ ...each, model }));
        const version = await state.executions.fork(tenant, execution, {
          ...nothing,
          snapshot: { squad: { ...squad, members }, changedMembers },
        });
        expect((await state.reports.get(tenant, execution.id))?.squadVersion).toBe(version);
        return version ?? 0;
      };
      const one = await forked('a', [member?.id ?? '']);
      const two = await forked('b', []);
      expect(one).toBeLessThan(0);
      expect(two).toBeLessThan(one);
      expect((await state.squads.atVersion(tenant, squad.id, one))?.members).toEqual([
        { ...member, model: 'a', version: one },
      ]);
      expect(await state.squads.atVersion(tenant, squad.id, two)).toMatchObject({
        version: two,
        members: [{ model: 'b', version: 1 }],
      });
      expect(await state.squads.find(tenant, squad.id)).toEqual(squad);
      expect(await state.squads.atVersion(tenant, squad.id, 1)).toEqual(squad);
      expect(await state.squads.atVersion(foreign, squad.id, one)).toBeNull();
      await state.squads.replace(tenant, { ...squad, version: 2 });
      expect((await state.squads.atVersion(tenant, squad.id, 2))?.version).toBe(2);
    });

    it('is forgotten with its snapshot when it was kept long enough, and no fork of it needs that', async () => {
      const { tenant } = twoTenants();
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      const first = newExecution({ squadId: squad.id, squadVersion: 1 });
      const version = await state.executions.fork(tenant, first, {
        ...nothing,
        snapshot: { squad, changedMembers: [] },
      });
      await state.executions.cancel(tenant, first.id, null);
      await clock.advance(10);
      const limit = clock.now();
      await clock.advance(10);
      const second = await ended(state, tenant, 'completed', { squadId: squad.id, squadVersion: version });
      await state.executions.prune(limit, 10);
      expect(await state.reports.get(tenant, first.id)).toBeNull();
      expect(await state.squads.atVersion(tenant, squad.id, version ?? 0)).not.toBeNull();
      await clock.advance(10);
      await state.executions.prune(clock.now(), 10);
      expect(await state.reports.get(tenant, second)).toBeNull();
      expect(await state.squads.atVersion(tenant, squad.id, version ?? 0)).toBeNull();
      expect(await state.squads.find(tenant, squad.id)).toEqual(squad);
    });
  });
}

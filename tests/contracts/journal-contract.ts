import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUsage, noUsage } from '../../src/work/usage.ts';
import type { MessageRecord, StepRecord } from '../../src/work/journal.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { completedStep, newExecution, newId, running, someUsage, status, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

/** What every adapter does with the commits of a run, and how the journal reads back. */
export function journalContract(open: OpenState): void {
  describe('the journal of a run', () => {
    let state: ContractState;
    const clock = new TestClock();
    beforeAll(async () => {
      state = await open(clock);
    });
    afterAll(() => state[Symbol.asyncDispose]());

    it('gives back every kind of record as it was committed, stamped and numbered', async () => {
      const { tenant, foreign } = twoTenants();
      const { id, session } = await running(state, tenant, { isRequest: false, input: 'null' });
      const error = {
        name: 'TypeError',
        message: 'no',
        stack: 'TypeError: no\n at x',
        cause: { name: 'Error', message: 'y' },
      };
      const records = [
        completedStep('ask/model/1', { type: 'model', phase: 'intent', output: null, details: '{"reserved":5}' }),
        completedStep('ask/model/1', {
          type: 'model',
          inputHash: 'ab',
          usage: someUsage,
          attempt: 2,
          output: '"„ä“ 🚀"',
        }),
        completedStep('merge', { phase: 'failed', output: null, error, dueAt: 99 }),
        completedStep('pause', { type: 'sleep', phase: 'waiting', output: null, dueAt: 123 }),
        {
          kind: 'message',
          message: { role: 'assistant', kind: 'answer', memberId: 'm', text: 'Done: „ä“ 🚀', stepKey: 'ask' },
        },
        { kind: 'message', message: { role: 'tool', kind: 'tool-result', memberId: null, text: '', stepKey: 'ask' } },
      ] as const;
      await session.commit({ records });
      const read = await state.reports.records(tenant, id, 2, 100);
      expect(read).toEqual(records.map((record, place) => ({ ...record, seq: place + 3, at: clock.now() })));
      expect(await state.reports.records(foreign, id, 0, 100)).toEqual([]);
    });

    it('has no gaps, whoever writes', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant);
      const commits = Array.from({ length: 30 }, (_, number) =>
        session.commit({ records: [completedStep(`a/${number}`), completedStep(`b/${number}`)] }),
      );
      await Promise.all(commits);
      const second = await state.executions.claim(tenant, id);
      await second?.session.commit({ records: [completedStep('c')] });
      await second?.session.commit({ records: [status('failed', { error: { name: 'Error', message: 'x' } })] });
      await state.executions.retry(tenant, id);
      await state.executions.cancel(tenant, id, null);
      const read = await state.reports.records(tenant, id, 0, 1_000);
      expect(read.map(({ seq }) => seq)).toEqual(read.map((_, place) => place + 1));
      // Commits of a session take effect in the order of the calls.
      const keys = read.flatMap((record) => (record.kind === 'step' ? [record.key] : []));
      expect(keys.slice(0, 60)).toEqual(commits.flatMap((_, number) => [`a/${number}`, `b/${number}`]));
    });

    it('is not touched by a claim that nobody waits for any more', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant);
      expect(await state.executions.claim(tenant, id, AbortSignal.abort())).toBeNull();
      await session.commit({ records: [completedStep('a')] });
      expect((await state.reports.get(tenant, id))?.epoch).toBe(session.epoch);
    });

    it('reads page by page', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant);
      await session.commit({ records: Array.from({ length: 7 }, (_, number) => completedStep(`s${number}`)) });
      const all = await state.reports.records(tenant, id, 0, 1_000);
      expect(await state.reports.records(tenant, id, 0, 4)).toEqual(all.slice(0, 4));
      expect(await state.reports.records(tenant, id, 4, 100)).toEqual(all.slice(4));
    });

    it('reads messages alone, page by page', async () => {
      const { tenant, foreign } = twoTenants();
      const { id, session } = await running(state, tenant);
      const said = (text: string): MessageRecord => ({
        kind: 'message',
        message: { role: 'assistant', kind: 'answer', memberId: 'm', text, stepKey: text },
      });
      await session.commit({ records: ['a', 'b', 'c'].flatMap((text) => [completedStep(text), said(text)]) });
      const all = await state.reports.records(tenant, id, 0, 1_000);
      const messages = all.filter(({ kind }) => kind === 'message');
      expect(messages).toHaveLength(4);
      expect(await state.reports.messages(tenant, id, 0, 1_000)).toEqual(messages);
      expect(await state.reports.messages(tenant, id, 0, 2)).toEqual(messages.slice(0, 2));
      expect(await state.reports.messages(tenant, id, messages[1]?.seq ?? 0, 10)).toEqual(messages.slice(2));
      expect(await state.reports.messages(foreign, id, 0, 10)).toEqual([]);
    });

    it('stores output, usage, items and status of a commit together, or none of them', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant);
      const item = newId();
      const begin = { change: 'begin', id: item, title: 't', memberId: 'm', stepKey: 'ask', model: null } as const;
      const more = { ...noUsage, outputTokens: 5, modelCalls: 1, estimatedCalls: 1, unpricedCalls: 1, cachedTokens: 2 };
      await session.commit({ records: [completedStep('one', { usage: someUsage })], items: [begin] });
      const ending = [completedStep('two', { usage: more }), status('completed', { output: '{"a":1}' })];
      await session.commit({ records: ending, items: [{ change: 'complete', id: item }] });
      const stored = await state.reports.get(tenant, id);
      const usage = addUsage(someUsage, more);
      expect(stored).toMatchObject({ status: 'completed', output: { a: 1 }, usage, endedAt: clock.now() });
      expect((await state.workItems.get(tenant, item))?.status).toBe('completed');

      const other = newId();
      const records = [completedStep('three', { usage: someUsage })];
      const refused = session.commit({ records, items: [{ ...begin, id: other }] });
      await expect(refused).rejects.toMatchObject({ code: 'STALE_OWNER' });
      expect(await state.reports.get(tenant, id)).toEqual(stored);
      expect(await state.workItems.get(tenant, other)).toBeNull();
    });

    it('adds the files of a step to the item of its ask, in the commit of the step', async () => {
      const { tenant } = twoTenants();
      const { session } = await running(state, tenant);
      const id = newId();
      const attach = (path: string) =>
        ({ change: 'attach', id, artifact: { path, bytes: 9, stepKey: 'ask/tool/1.1' } }) as const;
      await session.commit({
        records: [],
        items: [{ change: 'begin', id, title: 't', memberId: 'm', stepKey: 'ask', model: null }],
      });
      await session.commit({ records: [completedStep('ask/tool/1.1')], items: [attach('a.txt')] });
      await session.commit({ records: [completedStep('ask/tool/1.2')], items: [attach('b “c”.txt')] });
      expect(await state.workItems.get(tenant, id)).toMatchObject({
        version: 3,
        artifacts: [
          { path: 'a.txt', bytes: 9, stepKey: 'ask/tool/1.1' },
          { path: 'b “c”.txt', bytes: 9, stepKey: 'ask/tool/1.1' },
        ],
      });
    });

    it('counts what a call came to at the item of its ask too, in the same commit', async () => {
      const { tenant } = twoTenants();
      const { session } = await running(state, tenant);
      const [first, second] = [newId(), newId()];
      const begin = (id: string, stepKey: string) =>
        ({ change: 'begin', id, title: 't', memberId: 'm', stepKey, model: null }) as const;
      const call = (key: string) => completedStep(key, { type: 'model', usage: someUsage });
      await session.commit({
        records: [call('plan/model/1'), call('plan/model/2'), completedStep('merge', { usage: someUsage })],
        items: [begin(first, 'plan'), begin(second, 'round/plan')],
      });
      await session.commit({ records: [call('round/plan/tool/1.2'), call('nobody/model/1')] });
      expect(await state.workItems.get(tenant, first)).toMatchObject({
        usage: addUsage(someUsage, someUsage),
        version: 1,
      });
      expect((await state.workItems.get(tenant, second))?.usage).toEqual(someUsage);
    });

    it.each(['cancel', 'fail', 'complete'] as const)(
      'settles a call in flight at its reservation on %s',
      async (how) => {
        const { tenant } = twoTenants();
        const { id, session } = await running(state, tenant);
        const call = (attempt: number, phase: 'intent' | 'completed'): StepRecord =>
          completedStep('ask/model/1', {
            type: 'model',
            phase,
            attempt,
            output: null,
            details: phase === 'intent' ? JSON.stringify({ reservation: someUsage }) : null,
          });
        const item = newId();
        await session.commit({
          records: [call(1, 'intent'), call(1, 'completed'), call(2, 'intent')],
          items: [{ change: 'begin', id: item, title: 't', memberId: 'm', stepKey: 'ask', model: null }],
        });
        if (how === 'cancel') await state.executions.cancel(tenant, id, null);
        else if (how === 'fail')
          await session.commit({
            records: [status('failed', { error: { name: 'Error', message: 'x' } })],
            closesItems: true,
          });
        else await session.commit({ records: [status('completed', { output: '1' })], closesItems: true });
        const read = await state.reports.records(tenant, id, 0, 100);
        const settled = read.flatMap((record) => (record.kind === 'step' && record.phase === 'failed' ? [record] : []));
        expect(settled).toMatchObject([
          { key: 'ask/model/1', attempt: 2, usage: someUsage, error: { code: 'EXECUTION_CANCELLED' } },
        ]);
        expect(read.at(-1)).toMatchObject({ kind: 'status' });
        expect((await state.reports.get(tenant, id))?.usage).toEqual(someUsage);
        expect((await state.workItems.get(tenant, item))?.usage).toEqual(someUsage);
      },
    );

    it('stores the text of the request and the output once, and reads both back in place', async () => {
      const { tenant } = twoTenants();
      const text = 'Add a login page. '.repeat(100);
      const { id, session } = await running(state, tenant, { input: JSON.stringify({ message: text }) });
      const output = JSON.stringify({ text: 'x'.repeat(1_000) });
      await session.commit({ records: [status('completed', { output })] });
      const [request, ...rest] = await state.reports.records(tenant, id, 0, 100);
      expect(request).toMatchObject({ kind: 'message', message: { text } });
      expect(rest.at(-1)).toMatchObject({ kind: 'status', status: 'completed', output });
    });

    it('parks until a time, and tells when a signal it waits for is there already', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant);
      const wait = completedStep('wait', { type: 'wait', phase: 'waiting', output: null, dueAt: 500 });
      const parking = { records: [wait, status('waiting', { wakeAt: 500 })], awaitedSignals: ['go', 'stop'] };
      expect(await session.commit(parking)).toEqual({ awake: false, settled: [] });
      expect(await state.reports.get(tenant, id)).toMatchObject({ status: 'waiting', wakeAt: 500, endedAt: null });
      const woken = await state.executions.signal(tenant, id, { signalId: newId(), name: 'stop', payload: 'null' });
      expect(woken).toMatchObject({ status: 'waiting', changed: true });
      const second = await state.executions.claim(tenant, id);
      expect(second?.execution).toMatchObject({ status: 'running', wakeAt: null });
      expect(await second?.session.commit(parking)).toEqual({ awake: true, settled: [] });
    });
  });

  describe('the reports', () => {
    let state: ContractState;
    beforeAll(async () => {
      state = await open(new TestClock());
    });
    afterAll(() => state[Symbol.asyncDispose]());

    it('list newest first by status, squad, workflow and age, page by page, for the tenant only', async () => {
      const { tenant, foreign } = twoTenants();
      const squadId = newId();
      const executions = [
        newExecution({ createdAt: 1, status: 'created' }),
        newExecution({ createdAt: 2, squadId, squadVersion: 1 }),
        newExecution({ createdAt: 3, workflow: 'other' }),
        newExecution({ createdAt: 4, squadId, squadVersion: 1 }),
      ];
      for (const execution of executions) await state.executions.submit(tenant, execution);
      await state.executions.submit(foreign, newExecution({ squadId, squadVersion: 1 }));
      const [a, b, c, d] = executions.map(({ id }) => id);
      const ids = async (filter: object) =>
        (await state.reports.list(tenant, { limit: 10, ...filter })).map(({ id }) => id);
      expect(await ids({})).toEqual([d, c, b, a]);
      expect(await ids({ limit: 2 })).toEqual([d, c]);
      expect(await ids({ before: c })).toEqual([b, a]);
      expect(await ids({ status: 'created' })).toEqual([a]);
      expect(await ids({ status: 'cancelled' })).toEqual([]);
      expect(await ids({ squadId })).toEqual([d, b]);
      expect(await ids({ workflow: 'other' })).toEqual([c]);
      expect(await ids({ createdAfter: 2 })).toEqual([d, c]);
      expect(await ids({ status: 'queued', squadId, before: d })).toEqual([b]);
    });

    it('page through all that has to be resumed, oldest first, over all tenants, and count', async () => {
      await using own = await open(new TestClock());
      const [one, two] = [twoTenants().tenant, twoTenants().tenant];
      const wanted: string[] = [];
      for (let round = 0; round < 5; round++) {
        const { id: queued } = await own.executions.submit(one, newExecution({ priority: round }));
        const { id: claimed } = await running(own, two);
        const { id: timed, session } = await running(own, one);
        await session.commit({ records: [status('waiting', { wakeAt: 7 + round })] });
        const waiting = await running(own, two);
        await waiting.session.commit({ records: [status('waiting')] });
        const done = await running(own, one);
        await done.session.commit({ records: [status('completed', { output: '1' })] });
        await own.executions.submit(one, newExecution({ status: 'created' }));
        wanted.push(queued, claimed, timed);
      }
      const seen: { readonly id: string }[] = [];
      for (let after = ''; ; after = seen.at(-1)?.id ?? '') {
        const page = await own.reports.open(after, 4);
        seen.push(...page);
        if (page.length < 4) break;
      }
      expect(seen.map(({ id }) => id)).toEqual(wanted);
      expect(seen.slice(0, 3)).toMatchObject([
        { tenant: one, status: 'queued', priority: 0, wakeAt: null },
        { tenant: two, status: 'running', wakeAt: null },
        { tenant: one, status: 'waiting', wakeAt: 7 },
      ]);
      const counts = { created: 5, queued: 5, running: 5, waiting: 10, completed: 5, failed: 0, cancelled: 0 };
      expect(await own.reports.counts()).toEqual(counts);
    });
  });
}

import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { PostgresExecutionStore } from '../../../src/work/postgres/postgres-execution-store.ts';
import type { Database, Transaction } from '../../../src/work/postgres/database.ts';
import { newExecution } from '../../contracts/contract-state.ts';
import { openTemporaryState, testSettings } from './open-state.ts';

it.each<[string, boolean]>([
  ['is nothing when somebody else has claimed since', true],
  ['holds when nobody has', false],
])('a claim whose answer comes late %s', async (_, isTaken) => {
  await using state = await openTemporaryState(new TestClock());
  const execution = newExecution({});
  await state.executions.submit('acme', execution);
  // More than the second for which an answer is believed.
  const transaction = async <T>(work: (statements: Transaction) => Promise<T>): Promise<T> => {
    const answer = await state.database.transaction(work);
    if (isTaken) await state.executions.claim('acme', execution.id);
    await pause(1_100);
    return answer;
  };
  const late = new Proxy(state.database, {
    get: (database, name: keyof Database) => {
      const member: unknown = name === 'transaction' ? transaction : database[name];
      return typeof member === 'function' ? member.bind(database) : member;
    },
  });
  const zombie = new PostgresExecutionStore(late, new TestClock(), testSettings);
  const claimed = await zombie.claim('acme', execution.id);
  expect(claimed?.execution.epoch).toBe(isTaken ? undefined : 1);
});

it('a claim that waits for a connection takes nothing when it was forgotten meanwhile', async () => {
  await using state = await openTemporaryState(new TestClock());
  const [forgotten, wanted] = [newExecution({}), newExecution({})];
  for (const execution of [forgotten, wanted]) await state.executions.submit('acme', execution);
  const gate = Promise.withResolvers<void>();
  const transaction = async <T>(work: (statements: Transaction) => Promise<T>): Promise<T> => {
    await gate.promise;
    return state.database.transaction(work);
  };
  const slow = new Proxy(state.database, {
    get: (database, name: keyof Database) => {
      const member: unknown = name === 'transaction' ? transaction : database[name];
      return typeof member === 'function' ? member.bind(database) : member;
    },
  });
  const store = new PostgresExecutionStore(slow, new TestClock(), testSettings);
  const gone = new AbortController();
  const claims = [
    store.claim('acme', forgotten.id, gone.signal),
    store.claim('acme', wanted.id, new AbortController().signal),
  ];
  gone.abort();
  gate.resolve();
  const [first, second] = await Promise.all(claims);
  expect(first).toBeNull();
  expect(second?.execution.id).toBe(wanted.id);
  expect(await state.reports.get('acme', forgotten.id)).toMatchObject({ status: 'queued', epoch: 0 });
});

import { expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { completedStep, newId, running, status } from '../../contracts/contract-state.ts';
import { openTemporaryState } from './open-state.ts';

it.each(['completed', 'failed'] as const)('leave nothing to be told of them when they are %s', async (end) => {
  await using state = await openTemporaryState(new TestClock());
  const { id, session } = await running(state, 'acme');
  const other = await running(state, 'acme');
  for (const of of [id, other.id])
    await state.executions.signal('acme', of, { signalId: newId(), name: 'go', payload: 'null' });
  const told = (): Promise<unknown> =>
    state.database.all('SELECT execution_id FROM outbox ORDER BY no').then((rows) => rows.map(([one]) => one));
  expect(await told()).toEqual([id, other.id]);
  await session.commit({ records: [completedStep('one')] });
  expect(await told()).toEqual([id, other.id]);
  await session.commit({ records: [status(end)] });
  expect(await told()).toEqual([other.id]);
});

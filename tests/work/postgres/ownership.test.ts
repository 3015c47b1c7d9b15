import { expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { lostClaims } from '../../../src/work/postgres/queries/ownership.ts';
import { newExecution } from '../../contracts/contract-state.ts';
import { openTemporaryState } from './open-state.ts';

it('a claim is lost by a cancel, an end, a later claim, and to another tenant; a run that goes on keeps it', async () => {
  await using state = await openTemporaryState(new TestClock());
  const { executions, database } = state;
  const claimed = async (tenant: string) => {
    const execution = newExecution();
    await executions.submit(tenant, execution);
    const claim = await executions.claim(tenant, execution.id);
    return { run: { tenant, id: execution.id, epoch: claim?.session.epoch ?? 0 }, claim };
  };
  const [kept, cancelled, ended, taken] = [
    await claimed('a'),
    await claimed('a'),
    await claimed('b'),
    await claimed('b'),
  ];
  const foreign = { ...kept.run, tenant: 'b' };
  const runs = [kept.run, cancelled.run, ended.run, taken.run, foreign];
  expect(await lostClaims(database, runs)).toEqual([foreign]);

  await executions.cancel('a', cancelled.run.id, null);
  await ended.claim?.session.commit({ records: [{ kind: 'status', status: 'completed', output: 'null' }] });
  await executions.claim('b', taken.run.id);
  expect(await lostClaims(database, runs)).toEqual([cancelled.run, ended.run, taken.run, foreign]);
  expect(await lostClaims(database, [])).toEqual([]);
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/kernel/clock.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import type { MetricStore } from '../../src/work/metrics/metric-store.ts';
import { completedStep, ended, newExecution, running, someUsage, status } from './contract-state.ts';
import type { ContractState } from './contract-state.ts';

/** An adapter's stores with its metrics, open on one empty state that nobody else writes into. */
export interface MetricState extends ContractState {
  readonly metrics: MetricStore;
  /** Every figure that is not what the tables say, counted apart from the adapter. */
  wrong(): Promise<readonly string[]>;
  /** Resolves when all that was committed is counted. */
  counted(): Promise<void>;
}

/** Some of everything: two tenants, several minutes, calls that failed, were cancelled in flight, were made again. */
export async function someWork(state: ContractState, clock: TestClock): Promise<void> {
  for (const tenant of ['acme', 'other']) {
    await ended(state, tenant, 'completed', { createdAt: clock.now() });
    await state.executions.submit(tenant, newExecution({ createdAt: clock.now() }));
    const { id, session } = await running(state, tenant, { createdAt: clock.now() });
    const call = { type: 'model', key: 'ask/model/1' } as const;
    await session.commit({ records: [completedStep('ask/model/1', { ...call, phase: 'intent', output: null })] });
    await clock.advance(1_500);
    await session.commit({
      records: [
        completedStep('ask/model/1', {
          ...call,
          phase: 'failed',
          output: null,
          usage: someUsage,
          dueAt: clock.now(),
        }),
        completedStep('plain'),
      ],
    });
    await session.commit({ records: [completedStep('x', { ...call, attempt: 2, phase: 'intent', output: null })] });
    await clock.advance(70_000);
    await session.commit({ records: [completedStep('x', { ...call, attempt: 2, usage: someUsage })] });
    const reservation = JSON.stringify({ reservation: { ...someUsage, estimatedCalls: 1 } });
    const inFlight = { type: 'model', phase: 'intent', output: null, details: reservation } as const;
    await session.commit({ records: [completedStep('ask/model/2', inFlight)] });
    await state.executions.cancel(tenant, id, 'enough');
    const failed = await ended(state, tenant, 'failed', { createdAt: clock.now() });
    await clock.advance(45_000);
    await state.executions.retry(tenant, failed);
    const claim = await state.executions.claim(tenant, failed);
    await claim?.session.commit({ records: [status('completed', { output: '1' })] });
  }
}

/** What every adapter keeps as the metrics of what it stores. */
export function metricStoreContract(open: (clock: Clock) => Promise<MetricState>): void {
  describe('the metrics of a state', () => {
    let state: MetricState;
    let clock: TestClock;
    beforeEach(async () => {
      clock = new TestClock();
      state = await open(clock);
    });
    afterEach(() => state[Symbol.asyncDispose]());

    it('are what the tables say, whenever they are counted', async () => {
      await someWork(state, clock);
      await state.counted();
      expect(await state.wrong()).toEqual([]);
      await someWork(state, clock);
      await state.metrics.keep([]);
      await someWork(state, clock);
      await state.counted();
      await state.metrics.keep([]);
      expect(await state.wrong()).toEqual([]);
      const { total, isComplete } = await state.metrics.minutes('acme', { from: 0, to: 99_999_999, bucketMinutes: 60 });
      expect(isComplete).toBe(true);
      expect(total.counts).toMatchObject({ submitted: 12, completed: 6, failed: 3, cancelled: 3, modelCalls: 9 });
    });

    it('stay when what they were counted from is deleted, counted or not', async () => {
      await someWork(state, clock);
      await state.counted();
      await someWork(state, clock);
      expect(await state.executions.prune(clock.now() + 1, 100)).toBe(12);
      await state.counted();
      const { total } = await state.metrics.minutes('acme', { from: 0, to: 99_999_999, bucketMinutes: 60 });
      expect(total.counts).toMatchObject({ submitted: 8, completed: 4, failed: 2, cancelled: 2, modelCalls: 6 });
    });

    it('tell how many executions of a tenant are open now', async () => {
      await someWork(state, clock);
      expect(await state.metrics.open('acme')).toEqual({ created: 0, queued: 1, running: 0, waiting: 0, failed: 0 });
      expect(await state.metrics.open('nobody')).toEqual({ created: 0, queued: 0, running: 0, waiting: 0, failed: 0 });
    });

    it('are deleted by the minute when they are old, so many at a time, and those of resources with them', async () => {
      const level = { average: 10, highest: 20 };
      for (let minute = 0; minute < 5; minute++) {
        await state.executions.submit('acme', newExecution({ createdAt: minute * 60_000 }));
        await state.executions.submit('other', newExecution({ createdAt: minute * 60_000 }));
        await state.metrics.keep([{ minute, samples: 6, cpu: level, memory: level, loopDelayMs: level }]);
      }
      await state.counted();
      expect(await state.metrics.prune(3, 4)).toBe(4 + 3);
      expect(await state.metrics.prune(3, 4)).toBe(2);
      expect(await state.metrics.prune(3, 4)).toBe(0);
      expect((await state.metrics.resources({ from: 0, to: 99 })).map(({ minute }) => minute)).toEqual([3, 4]);
      const { buckets } = await state.metrics.minutes('acme', { from: 0, to: 99, bucketMinutes: 1 });
      expect(buckets.map(([minute]) => minute)).toEqual([3, 4]);
    });

    it('put samples of resources that come in parts together', async () => {
      const sample = (samples: number, average: number, highest: number) => {
        const level = { average, highest };
        return { minute: 7, samples, cpu: level, memory: level, loopDelayMs: level };
      };
      await state.metrics.keep([sample(2, 10, 15)]);
      await state.metrics.keep([sample(1, 40, 40)]);
      expect(await state.metrics.resources({ from: 7, to: 8 })).toEqual([sample(3, 20, 40)]);
    });
  });
}

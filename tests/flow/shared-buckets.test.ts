import { TestClock } from '../../src/testing/test-clock.ts';
import { sharedBucketsContract } from '../contracts/shared-buckets-contract.ts';
import { SimulatedBuckets } from '../support/simulated-buckets.ts';

sharedBucketsContract('the buckets that tests have instead of Redis', async () => {
  const clock = new TestClock();
  const buckets = new SimulatedBuckets(clock);
  return { processes: [buckets.view(), buckets.view()], pause: (ms) => clock.advance(ms) };
});

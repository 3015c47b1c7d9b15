import { expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { openTestServer } from '../../support/http-server.ts';

it('tells how busy the machine is and was, and how many items may run for it', async () => {
  let reading = { cpu: 20, memory: 30, loopDelayMs: 1 };
  const clock = new TestClock();
  const openProbe = () => ({ read: async () => reading, [Symbol.dispose]: () => {} });
  await using server = await openTestServer({}, { clock, openProbe });
  const ask = (query = '') => server.ask(`/metrics/resources${query}`);
  expect(await ask()).toMatchObject({ status: 200, body: { current: null, average: null, samples: [] } });
  await clock.advance(60_000);
  reading = { cpu: 90, memory: 50, loopDelayMs: 5 };
  await clock.advance(60_000);
  const { body } = await ask('?timeRange=2');
  expect(body).toMatchObject({ current: reading, average: { cpu: 55, memory: 40, loopDelayMs: 3 }, parallelism: 7 });
  expect((body as { samples: unknown[] }).samples).toHaveLength(12);
  expect((body as { throttle: number }).throttle).toBeCloseTo(0.7);
  expect((await ask('?timeRange=1')).body).toMatchObject({ average: { cpu: 90 } });
  for (const query of ['?timeRange=0', '?timeRange=43201', '?timeRange=x', '?since=1'])
    expect([query, (await ask(query)).status]).toEqual([query, 400]);
});

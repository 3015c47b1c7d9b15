import { expect, it } from 'vitest';
import { Gate, gateState } from '../../src/flow/gate.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

it.each([
  [0.8, 100, 80],
  [0.8, 7, 6],
  [0.5, 5, 3],
  [1, 3, 3],
  [0.01, 10, 1],
])(
  'closes at a threshold of %d of %d: at %d queued executions',
  (backpressureThreshold, maxQueuedExecutions, closesAt) => {
    const settings = { backpressureThreshold, maxQueuedExecutions };
    expect(gateState(closesAt - 1, settings)).toEqual({ isOpen: true, queued: closesAt - 1, closesAt });
    expect(gateState(closesAt, settings)).toEqual({ isOpen: false, queued: closesAt, closesAt });
  },
);

const settings = { backpressureThreshold: 0.8, maxQueuedExecutions: 10 };

function gateOver(reading: { queued: number; taken: number }) {
  const clock = new TestClock();
  return { clock, gate: new Gate(settings, clock, () => reading) };
}

it('refuses with QUEUE_FULL, saying how many are queued, where it closes and when to come back', () => {
  expect(() => gateOver({ queued: 7, taken: 0 }).gate.pass()).not.toThrow();
  expect(() => gateOver({ queued: 9, taken: 0 }).gate.pass()).toThrow(
    expect.objectContaining({
      code: 'QUEUE_FULL',
      retryable: true,
      details: { queued: 9, closesAt: 8, retryAfterMs: 1_000 },
    }),
  );
});

it('counts those on their way to the queue', () => {
  const { gate } = gateOver({ queued: 7, taken: 0 });
  const arrived = gate.arrive();
  expect(gate.state()).toEqual({ isOpen: false, queued: 8, closesAt: 8 });
  expect(() => gate.pass()).toThrow('8 executions are queued');
  arrived();
  expect(() => gate.pass()).not.toThrow();
});

it('tells each who is refused a place of their own, at the pace at which the queue is taken', async () => {
  const reading = { queued: 0, taken: 0 };
  const { gate, clock } = gateOver(reading);
  gate.pass();
  reading.queued = 8;
  await clock.advance(10_000);
  reading.taken = 20;
  const waits = Array.from({ length: 10 }, () => {
    try {
      gate.pass();
      return null;
    } catch (error) {
      return (error as { details: { retryAfterMs: number } }).details.retryAfterMs;
    }
  });
  expect(waits).toEqual([1_000, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500, 5_000]);
});

import { expect, it } from 'vitest';
import { gateState, passGate } from '../../src/flow/gate.ts';

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

it('refuses with QUEUE_FULL, saying how many are queued and where it closes', () => {
  const settings = { backpressureThreshold: 0.8, maxQueuedExecutions: 10 };
  expect(() => passGate(gateState(7, settings))).not.toThrow();
  expect(() => passGate(gateState(9, settings))).toThrow(
    expect.objectContaining({ code: 'QUEUE_FULL', retryable: true, details: { queued: 9, closesAt: 8 } }),
  );
});

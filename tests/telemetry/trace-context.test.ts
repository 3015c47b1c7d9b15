import { expect, it } from 'vitest';
import { derivedSpanId, readTraceparent, traceIdOf, traceparentOf } from '../../src/telemetry/trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

it('reads what it writes, and the flag that says whether the trace is recorded', () => {
  const sampled = { traceId, spanId, isSampled: true };
  expect(traceparentOf(sampled)).toBe(`00-${traceId}-${spanId}-01`);
  expect(readTraceparent(traceparentOf(sampled))).toEqual(sampled);
  expect(readTraceparent(`00-${traceId}-${spanId}-02`)).toEqual({ ...sampled, isSampled: false });
  expect(readTraceparent(`cc-${traceId}-${spanId}-03-what-is-new`)).toEqual(sampled);
});

it('takes what is not valid for none', () => {
  for (const text of [
    undefined,
    null,
    '',
    'nonsense',
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}${traceId}-${spanId}-01`,
  ])
    expect(readTraceparent(text)).toBeNull();
});

it('names a span after what it is about: the same always, another for anything else', () => {
  const id = derivedSpanId('execution', 0, 'step', 'plan/model/1', 1);
  expect(id).toMatch(/^[\da-f]{16}$/);
  expect(derivedSpanId('execution', 0, 'step', 'plan/model/1', 1)).toBe(id);
  expect(derivedSpanId('execution', 0, 'step', 'plan/model/1', 2)).not.toBe(id);
  expect(derivedSpanId('execution', 1, 'step', 'plan/model/1', 1)).not.toBe(id);
});

it('has a trace for everything that has an id', () => {
  expect(traceIdOf('0199a1b2-c3d4-7000-8000-000000000002')).toBe('0199a1b2c3d470008000000000000002');
});

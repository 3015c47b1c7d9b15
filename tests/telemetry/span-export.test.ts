import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { SpanExport } from '../../src/telemetry/otel/span-export.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';

type Done = (result: { readonly code: number; readonly error?: Error }) => void;

// Only ever counted and handed on.
const span = {} as ReadableSpan;

/** A collector that answers when the test says so. */
function exporting() {
  const clock = new TestClock();
  const asked: { readonly spans: number; readonly done: Done }[] = [];
  const failures: unknown[] = [];
  const exporter = {
    export: (spans: readonly ReadableSpan[], done: Done) => void asked.push({ spans: spans.length, done }),
    shutdown: () => Promise.resolve(),
  };
  const spans = new SpanExport(exporter, clock, (error) => failures.push(error));
  return { clock, asked, failures, spans };
}

function end(spans: SpanExport, count: number): void {
  for (let ended = 0; ended < count; ended++) spans.onEnd(span);
}

it('sends what has ended together, half a second after the first of it', async () => {
  const { clock, asked, spans } = exporting();
  end(spans, 3);
  expect(asked).toHaveLength(0);
  await clock.advance(500);
  expect(asked.map((each) => each.spans)).toEqual([3]);
  asked[0]?.done({ code: 0 });
  await settle();
  expect(spans.statistics()).toEqual({ exported: 3, dropped: 0, waiting: 0 });
});

it('keeps to one request at a time, and drops and counts what it has no room for', async () => {
  const { asked, spans } = exporting();
  end(spans, 512 + 8_192 + 100);
  expect(asked.map((each) => each.spans)).toEqual([512]);
  expect(spans.statistics()).toEqual({ exported: 0, dropped: 100, waiting: 8_192 });
  asked[0]?.done({ code: 0 });
  await settle();
  expect(asked).toHaveLength(2);
  expect(spans.statistics()).toEqual({ exported: 512, dropped: 100, waiting: 8_192 - 512 });
});

it('drops a batch that the collector does not take, says why, and goes on with the next', async () => {
  const { asked, failures, spans } = exporting();
  end(spans, 513);
  asked[0]?.done({ code: 1, error: new Error('Too much.') });
  await settle();
  expect(failures).toEqual([new Error('Too much.')]);
  expect(spans.statistics()).toMatchObject({ exported: 0, dropped: 512 });
  expect(asked.map((each) => each.spans)).toEqual([512, 1]);
});

it('ends with what it can send in two seconds, and counts the rest as dropped', async () => {
  const { clock, asked, spans } = exporting();
  end(spans, 600);
  const closed = spans.shutdown();
  await clock.advance(2_000);
  await closed;
  expect(asked).toHaveLength(1);
  expect(spans.statistics()).toEqual({ exported: 0, dropped: 88, waiting: 0 });
  end(spans, 1);
  expect(spans.statistics().dropped).toBe(89);
});

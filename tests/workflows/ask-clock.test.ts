import { describe, expect, it } from 'vitest';
import type { Journaled, JournalRecord } from '../../src/work/journal.ts';
import { AskClock } from '../../src/workflows/ask-clock.ts';
import { stepRecord } from '../../src/workflows/effect.ts';
import { historyOf } from '../../src/workflows/history.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

const first = 'ask/model/1';
const question = 'ask/tool/1.1/question';

/** A journal of records with their times. */
function journal(...entries: readonly (readonly [at: number, record: JournalRecord])[]): Journaled[] {
  return entries.map(([at, record], index) => ({ ...record, seq: index + 1, at }));
}

function clockOf(now: number, records: readonly Journaled[], outer: AskClock | null = null) {
  const clock = new TestClock(now);
  return { clock, ask: new AskClock({ history: historyOf(records), services: { clock } }, first, outer) };
}

describe('the clock of an ask', () => {
  it('begins now when the ask is new, and with its first record otherwise', async () => {
    const { clock, ask } = clockOf(1_000, []);
    await clock.advance(500);
    expect(ask.elapsedMs).toBe(500);
    expect(clockOf(1_000, journal([400, stepRecord(first, 'model', 'intent', {})])).ask.elapsedMs).toBe(600);
  });

  it('begins anew when the execution is retried', () => {
    const records = journal(
      [100, stepRecord(first, 'model', 'failed', {})],
      [200, { kind: 'status', status: 'failed' }],
      [900, { kind: 'status', status: 'queued' }],
    );
    expect(clockOf(1_000, records).ask.elapsedMs).toBe(100);
  });

  it('leaves out a wait that is over, as the journal has it', async () => {
    const records = journal(
      [100, stepRecord(first, 'model', 'completed', {})],
      [200, stepRecord(question, 'approval', 'waiting', {})],
      [800, stepRecord(question, 'approval', 'completed', {})],
    );
    const { ask } = clockOf(1_000, records);
    await ask.pauseFor(question, Promise.resolve());
    expect(ask.elapsedMs).toBe(300);
  });

  it('leaves out a wait that ends now, whenever it began, of the outer ask too', async () => {
    const records = journal(
      [100, stepRecord(first, 'model', 'completed', {})],
      [200, stepRecord(question, 'approval', 'waiting', {})],
    );
    const outer = clockOf(1_000, records);
    const { clock, ask } = clockOf(1_000, records, outer.ask);
    const { promise, resolve } = Promise.withResolvers<void>();
    const paused = ask.pauseFor(question, promise);
    await clock.advance(500);
    resolve();
    await paused;
    await clock.advance(50);
    expect([ask.elapsedMs, outer.ask.elapsedMs]).toEqual([150, 0]);
  });

  it('leaves out no more than it counts: a wait before the retry is gone already', async () => {
    const records = journal(
      [100, stepRecord(first, 'model', 'completed', {})],
      [200, stepRecord(question, 'approval', 'waiting', {})],
      [300, stepRecord(question, 'approval', 'completed', {})],
      [400, { kind: 'status', status: 'failed' }],
      [900, { kind: 'status', status: 'queued' }],
    );
    const { ask } = clockOf(1_000, records);
    await ask.pauseFor(question, Promise.resolve());
    expect(ask.elapsedMs).toBe(100);
  });
});

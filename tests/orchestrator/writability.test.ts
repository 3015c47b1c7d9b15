import { describe, expect, it } from 'vitest';
import { Writability } from '../../src/orchestrator/writability.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';

describe('whether the state can be written', () => {
  it('is found out by writing, once a second however many ask', async () => {
    const clock = new TestClock();
    let writes = 0;
    let error: Error | null = null;
    const writability = new Writability({ write: async () => (writes++, void (error !== null && fail(error))) }, clock);
    expect(await Promise.all([writability.check(), writability.check()])).toEqual([true, true]);
    error = new Error('The disk is full.');
    expect(await writability.check()).toBe(true);
    expect(writes).toBe(1);
    await clock.advance(1_000);
    expect(await writability.check()).toBe(false);
    error = null;
    await clock.advance(1_000);
    expect(await writability.check()).toBe(true);
    expect(writes).toBe(3);
  });

  it('is denied where nothing is heard of the write in time', async () => {
    const clock = new TestClock();
    const writability = new Writability({ write: () => new Promise(() => {}) }, clock);
    const checked = writability.check();
    await settle();
    await clock.advance(2_000);
    expect(await checked).toBe(false);
  });
});

function fail(error: Error): never {
  throw error;
}

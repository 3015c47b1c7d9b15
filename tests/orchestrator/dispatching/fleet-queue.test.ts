import { describe, expect, it } from 'vitest';
import { FleetQueue } from '../../../src/orchestrator/dispatching/fleet-queue.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { MemoryOutbox } from './memory-outbox.ts';

describe('the queue of a fleet', () => {
  it('is what was counted last and what this process has added since', async () => {
    const clock = new TestClock();
    const outbox = new MemoryOutbox(clock);
    using queue = new FleetQueue({ outbox, clock, guardsGate: true, onError: () => {} });
    outbox.add('of another process');
    await queue.start();
    expect(queue.read()).toMatchObject({ queued: 1, ready: 1 });
    outbox.add('of this one');
    queue.added();
    expect(queue.read()).toMatchObject({ queued: 2, ready: 2 });
    outbox.claim('of another process');
    await clock.advance(250);
    expect(queue.read()).toMatchObject({ queued: 1, ready: 1 });
  });

  it('counts what is added while it is counted', async () => {
    const clock = new TestClock();
    const counted = Promise.withResolvers<void>();
    const counts = async () => {
      await counted.promise;
      return { queued: 5, ready: 0, taken: 0, running: 0 };
    };
    using queue = new FleetQueue({ outbox: { counts }, clock, guardsGate: true, onError: () => {} });
    const started = queue.start();
    queue.added();
    counted.resolve();
    await started;
    expect(queue.read().queued).toBe(6);
  });

  it('goes on with the last count where it cannot count, and says so once', async () => {
    const clock = new TestClock();
    const outbox = new MemoryOutbox(clock);
    const errors: unknown[] = [];
    using queue = new FleetQueue({ outbox, clock, guardsGate: true, onError: (error) => errors.push(error) });
    outbox.add('a');
    await queue.start();
    outbox.isBroken = true;
    await clock.advance(5_000);
    expect(errors).toHaveLength(1);
    expect(queue.read().queued).toBe(1);
    outbox.isBroken = false;
    outbox.add('b');
    await clock.advance(250);
    expect(queue.read().queued).toBe(2);
  });

  it('is counted seldom by who takes no submissions: workers are many, and the database is one', async () => {
    const clock = new TestClock();
    const outbox = new MemoryOutbox(clock);
    using queue = new FleetQueue({ outbox, clock, guardsGate: false, onError: () => {} });
    await queue.start();
    outbox.add('of another process');
    await clock.advance(4_999);
    expect(queue.read().queued).toBe(0);
    await clock.advance(1);
    expect(queue.read().queued).toBe(1);
  });

  it('counts less often where that takes long', async () => {
    const clock = new TestClock();
    const outbox = new MemoryOutbox(clock);
    const counts = async () => {
      clock.set(clock.now() + 100);
      return outbox.counts();
    };
    using queue = new FleetQueue({ outbox: { counts }, clock, guardsGate: true, onError: () => {} });
    await queue.start();
    await clock.advance(1_900);
    expect(outbox.asked).toBe(1);
    await clock.advance(100);
    expect(outbox.asked).toBe(2);
  });
});

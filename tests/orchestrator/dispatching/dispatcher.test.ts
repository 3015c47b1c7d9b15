import { describe, expect, it } from 'vitest';
import type { HandedOver, Handover } from '../../../src/engines/handover.ts';
import { Dispatcher } from '../../../src/orchestrator/dispatching/dispatcher.ts';
import { settle, TestClock } from '../../../src/testing/test-clock.ts';
import { MemoryOutbox } from './memory-outbox.ts';

/** An engine that takes each key once, as long as it is there. */
class Engine implements Handover {
  readonly got: HandedOver[] = [];
  readonly inEffect = new Map<string, string>();
  isDown = false;
  isHanging = false;
  attempts = 0;

  async hand(execution: HandedOver): Promise<void> {
    this.attempts += 1;
    if (this.isHanging) await new Promise<never>(() => {});
    if (this.isDown) throw new Error('Nobody is there.');
    this.got.push(execution);
    this.inEffect.set(execution.key, execution.id);
  }
}

class Rig {
  readonly clock = new TestClock();
  readonly outbox = new MemoryOutbox(this.clock);
  readonly told: string[] = [];

  /** On a clock that stands still nothing follows of what it does at its start: as if the process were killed. */
  dispatcher(handover: Handover, clock = this.clock): Dispatcher {
    return new Dispatcher({
      outbox: this.outbox,
      handover,
      clock,
      random: () => 1,
      onDown: (error) => this.told.push(`down: ${error instanceof Error ? error.message : String(error)}`),
      onUp: () => this.told.push('up'),
    });
  }
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, place) => `x${place}`);

describe('the dispatcher', () => {
  it('hands over what is there when it starts, and what it is told of afterwards', async () => {
    const rig = new Rig();
    const engine = new Engine();
    rig.outbox.add('before');
    const dispatcher = rig.dispatcher(engine);
    dispatcher.start();
    await settle();
    rig.outbox.add('after');
    expect(engine.got.map(({ id }) => id)).toEqual(['before']);
    dispatcher.nudge();
    await settle();
    // What comes right after few others waits for more to come.
    expect(engine.got.map(({ id }) => id)).toEqual(['before']);
    rig.outbox.add('with it');
    await rig.clock.advance(20);
    expect(engine.got.map(({ id }) => id)).toEqual(['before', 'after', 'with it']);
    await rig.clock.advance(20);
    rig.outbox.add('later');
    dispatcher.nudge();
    await settle();
    expect(engine.got.map(({ id }) => id)).toEqual(['before', 'after', 'with it', 'later']);
    expect(dispatcher.statistics()).toEqual({ handed: 4, failed: 0, inFlight: 0, isDown: false });
    await dispatcher[Symbol.asyncDispose]();
    expect(rig.clock.timers).toBe(0);
  });

  it('finds what nobody told it of', async () => {
    const rig = new Rig();
    const engine = new Engine();
    const dispatcher = rig.dispatcher(engine);
    dispatcher.start();
    await settle();
    rig.outbox.add('x');
    await rig.clock.advance(1_000);
    expect(engine.got).toHaveLength(1);
    await dispatcher[Symbol.asyncDispose]();
  });

  it('marks what was not claimed soon, in one go', async () => {
    const rig = new Rig();
    const dispatcher = rig.dispatcher(new Engine());
    rig.outbox.add('a', 'b');
    dispatcher.start();
    await settle();
    expect(rig.outbox.marked).toEqual([]);
    await rig.clock.advance(2_000);
    expect(rig.outbox.marked).toEqual([1, 2]);
    await dispatcher[Symbol.asyncDispose]();
  });

  it('takes over what a process had taken that died before it handed it over', async () => {
    const rig = new Rig();
    const dying = new Engine();
    dying.isHanging = true;
    rig.outbox.add('x');
    rig.dispatcher(dying, new TestClock()).start();
    await settle();
    expect(dying.attempts).toBe(1);
    const engine = new Engine();
    const dispatcher = rig.dispatcher(engine);
    dispatcher.start();
    await rig.clock.advance(5_000);
    expect(engine.got).toEqual([]);
    await rig.clock.advance(6_000);
    expect(engine.got.map(({ id }) => id)).toEqual(['x']);
    await dispatcher[Symbol.asyncDispose]();
  });

  it('hands over again under the same key what a process handed over that died before it said so', async () => {
    const rig = new Rig();
    const engine = new Engine();
    rig.outbox.add('x', 'y');
    const dying: Handover = {
      hand: async (execution) => {
        await engine.hand(execution);
        await new Promise<never>(() => {});
      },
    };
    rig.dispatcher(dying, new TestClock()).start();
    await settle();
    rig.outbox.claim('y');
    const dispatcher = rig.dispatcher(engine);
    dispatcher.start();
    await rig.clock.advance(11_000);
    expect(engine.got.map(({ id }) => id)).toEqual(['x', 'y', 'x']);
    expect([...engine.inEffect.values()]).toEqual(['x', 'y']);
    await dispatcher[Symbol.asyncDispose]();
  });

  it('hands over again what nobody claimed for a minute', async () => {
    const rig = new Rig();
    const engine = new Engine();
    rig.outbox.add('x');
    const dispatcher = rig.dispatcher(engine);
    dispatcher.start();
    await rig.clock.advance(59_000);
    expect(engine.got).toHaveLength(1);
    await rig.clock.advance(4_000);
    expect(engine.got).toHaveLength(2);
    await dispatcher[Symbol.asyncDispose]();
  });

  it('waits for an engine that is down with few attempts, says so once, and hands all over when it is back', async () => {
    const rig = new Rig();
    const engine = new Engine();
    engine.isDown = true;
    rig.outbox.add(...ids(20));
    const dispatcher = rig.dispatcher(engine);
    dispatcher.start();
    await rig.clock.advance(60_000);
    expect(rig.told).toEqual(['down: Nobody is there.']);
    expect(dispatcher.statistics().isDown).toBe(true);
    expect(engine.attempts).toBeLessThan(20 + 30);
    for (let nudge = 0; nudge < 100; nudge++) dispatcher.nudge();
    await settle();
    expect(engine.attempts).toBeLessThan(20 + 30);
    engine.isDown = false;
    rig.outbox.add('new');
    await rig.clock.advance(12_000);
    expect(new Set(engine.got.map(({ id }) => id))).toEqual(new Set([...ids(20), 'new']));
    expect(rig.told).toEqual(['down: Nobody is there.', 'up']);
    expect(dispatcher.statistics()).toMatchObject({ handed: 21, isDown: false });
    await dispatcher[Symbol.asyncDispose]();
  });

  it('waits for a database that is down, and goes on when it is back', async () => {
    const rig = new Rig();
    const engine = new Engine();
    rig.outbox.isBroken = true;
    const dispatcher = rig.dispatcher(engine);
    dispatcher.start();
    await rig.clock.advance(30_000);
    expect(rig.told).toEqual(['down: The database is gone.']);
    expect(rig.outbox.asked).toBeLessThan(20);
    rig.outbox.isBroken = false;
    rig.outbox.add('x');
    await rig.clock.advance(6_000);
    expect(engine.got).toHaveLength(1);
    expect(rig.told).toEqual(['down: The database is gone.', 'up']);
    await dispatcher[Symbol.asyncDispose]();
  });

  it('takes nothing beyond what may be in hand, and goes on soon when there is room', async () => {
    const rig = new Rig();
    const engine = new Engine();
    rig.outbox.maxInFlight = 3;
    rig.outbox.add(...ids(6));
    const dispatcher = rig.dispatcher(engine);
    dispatcher.start();
    await rig.clock.advance(5_000);
    expect(engine.got.map(({ id }) => id)).toEqual(['x0', 'x1', 'x2']);
    const asked = rig.outbox.asked;
    await rig.clock.advance(1_000);
    expect(rig.outbox.asked - asked).toBeLessThan(8);
    rig.outbox.claim('x0');
    rig.outbox.claim('x1');
    await rig.clock.advance(250);
    expect(engine.got.map(({ id }) => id)).toEqual(['x0', 'x1', 'x2', 'x3', 'x4']);
    await dispatcher[Symbol.asyncDispose]();
  });

  it('waits at its end for what is on its way', async () => {
    const rig = new Rig();
    const sent = Promise.withResolvers<void>();
    const dispatcher = rig.dispatcher({ hand: () => sent.promise });
    rig.outbox.add('x');
    dispatcher.start();
    await settle();
    let isClosed = false;
    const closing = dispatcher[Symbol.asyncDispose]().then(() => (isClosed = true));
    await settle();
    expect(isClosed).toBe(false);
    sent.resolve();
    await closing;
    expect(rig.outbox.marked).toEqual([1]);
    expect(rig.clock.timers).toBe(0);
  });
});

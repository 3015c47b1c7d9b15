import { expect, it } from 'vitest';
import { settle, TestClock } from '../../src/testing/test-clock.ts';

it('fires timers in the order of their time, those of the same time in the order they were set', async () => {
  const clock = new TestClock(0);
  const fired: string[] = [];
  const set = (delayMs: number, name: string) => clock.setTimer(delayMs, () => fired.push(`${name} at ${clock.now()}`));
  set(20, 'c');
  set(10, 'a');
  set(10, 'b');
  set(30, 'cancelled').cancel();
  set(40, 'later');
  await clock.advance(30);
  expect(fired).toEqual(['a at 10', 'b at 10', 'c at 20']);
  expect(clock.now()).toBe(30);
  expect(clock.untilNextMs).toBe(10);
});

it('fires what a timer sets while it moves, and what promises set after it', async () => {
  const clock = new TestClock(0);
  const fired: number[] = [];
  const tick = async (): Promise<void> => {
    fired.push(clock.now());
    await Promise.resolve();
    clock.setTimer(10, () => void tick());
  };
  clock.setTimer(0, () => void tick());
  expect(fired).toEqual([]);
  await clock.advance(25);
  expect(fired).toEqual([0, 10, 20]);
});

it('goes to the next timer, and says when there is none', async () => {
  const clock = new TestClock(0);
  clock.setTimer(5_000, () => {});
  expect(await clock.advanceToNext()).toBe(true);
  expect(clock.now()).toBe(5_000);
  expect(await clock.advanceToNext()).toBe(false);
  expect(clock.timers).toBe(0);
});

it('tells that somebody waits for the time to go on, and lets them go on when it does', async () => {
  const clock = new TestClock(0);
  const paused = clock.untilPaused();
  const log: string[] = [];
  void clock.pause(10).then(() => log.push(`paused until ${clock.now()}`));
  await paused;
  const controller = new AbortController();
  void clock.pause(50, controller.signal).catch((error: unknown) => log.push(String(error)));
  void clock.hang(controller.signal).catch((error: unknown) => log.push(String(error)));
  expect(clock.pauses).toBe(3);
  await clock.advance(10);
  controller.abort('enough');
  await settle();
  expect(log).toEqual(['paused until 10', 'enough', 'enough']);
  expect([clock.pauses, clock.timers]).toEqual([0, 0]);
  await expect(clock.pause(1, controller.signal)).rejects.toBe('enough');
});

it('jumps as a machine that slept: all that is due fires at the new time, in order', async () => {
  const clock = new TestClock(0);
  const fired: string[] = [];
  const again = (): void => {
    fired.push(`tick at ${clock.now()}`);
    clock.setTimer(10, again);
  };
  clock.setTimer(10, again);
  clock.setTimer(5, () => fired.push(`first at ${clock.now()}`));
  await clock.jump(1_000);
  expect(fired).toEqual(['first at 1000', 'tick at 1000']);
  await clock.jump(500);
  expect(clock.now()).toBe(1_000);
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';

describe('the system clock', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells the time of the machine', () => {
    vi.setSystemTime(1_700_000_000_123);
    expect(systemClock.now()).toBe(1_700_000_000_123);
  });

  it('fires once, when the delay is over and not before', () => {
    const fire = vi.fn<() => void>();
    systemClock.setTimer(1000, fire);
    vi.advanceTimersByTime(999);
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(fire).toHaveBeenCalledTimes(1);
  });

  it('never fires a timer that was cancelled', () => {
    const fire = vi.fn<() => void>();
    const timer = systemClock.setTimer(1000, fire);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(10_000);
    expect(fire).not.toHaveBeenCalled();
  });

  it('fires a past timer soon, but not before setTimer has returned', () => {
    const fire = vi.fn<() => void>();
    systemClock.setTimer(-5, fire);
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fire).toHaveBeenCalledTimes(1);
  });

  it('keeps delays that are longer than setTimeout can hold', () => {
    const ninetyDaysMs = 90 * 24 * 60 * 60_000;
    const fire = vi.fn<() => void>();
    systemClock.setTimer(ninetyDaysMs, fire);
    vi.advanceTimersByTime(ninetyDaysMs - 1);
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fire).toHaveBeenCalledTimes(1);
  });

  it('can cancel a long timer in its later parts', () => {
    const fire = vi.fn<() => void>();
    const timer = systemClock.setTimer(90 * 24 * 60 * 60_000, fire);
    vi.advanceTimersByTime(60 * 24 * 60 * 60_000);
    timer.cancel();
    vi.advanceTimersByTime(60 * 24 * 60 * 60_000);
    expect(fire).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

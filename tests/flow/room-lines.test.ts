import { describe, expect, it } from 'vitest';
import { RoomLines } from '../../src/flow/room-lines.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

const longestMs = 1_000;

/** Lines whose calls are executions with one call each; `called` has those whose turn it is, in order. */
function open() {
  const clock = new TestClock();
  const called: string[] = [];
  const woken: string[] = [];
  const lines = new RoomLines(clock, ({ id }) => woken.push(id));
  const wait = (executionId: string, { budget = 'day', priority = 0, tenant = 'a', isParked = false } = {}): boolean =>
    lines.wait({ tenant, executionId, priority, key: 'ask/model/1', budget, longestMs }, () => {
      if (!isParked) called.push(executionId);
      return !isParked;
    });
  return {
    clock,
    lines,
    called,
    woken,
    wait,
    leave: (executionId: string) => lines.leave(executionId, 'ask/model/1'),
    giveBack: (budget = 'day', tenant = 'a') => lines.givenBack(tenant, [budget]),
  };
}

describe('the line of a budget', () => {
  it('calls the highest priority, then the oldest, one for each time that something is given back', () => {
    const { wait, giveBack, called } = open();
    wait('first');
    wait('second');
    wait('urgent', { priority: 1 });
    for (let times = 1; times <= 4; times++) giveBack();
    expect(called).toEqual(['urgent', 'first', 'second']);
  });

  it('calls the next one when one has left, and nobody when one finds no room', () => {
    const { wait, leave, giveBack, called, lines } = open();
    for (const id of ['first', 'second', 'third']) wait(id);
    giveBack();
    leave('first');
    expect(called).toEqual(['first', 'second']);
    wait('second');
    expect(called).toEqual(['first', 'second']);
    expect(lines.size).toBe(2);
    giveBack();
    expect(called).toEqual(['first', 'second', 'second']);
  });

  it('calls again at once who tried while more was given back', () => {
    const { wait, giveBack, called } = open();
    wait('only');
    giveBack();
    giveBack();
    expect(called).toEqual(['only']);
    wait('only');
    expect(called).toEqual(['only', 'only']);
    wait('only');
    expect(called).toEqual(['only', 'only']);
  });

  it('is its own: neither another budget nor another tenant calls from it', () => {
    const { wait, giveBack, called } = open();
    wait('mine');
    wait('other', { budget: 'month' });
    wait('foreign', { tenant: 'b' });
    giveBack('month');
    expect(called).toEqual(['other']);
    giveBack('day', 'b');
    expect(called).toEqual(['other', 'foreign']);
  });

  it('lets the next one try when one goes to another line, or has ended', () => {
    const { wait, giveBack, called, lines } = open();
    for (const id of ['first', 'second', 'third']) wait(id);
    giveBack();
    wait('first', { budget: 'month' });
    expect(called).toEqual(['first', 'second']);
    lines.forget('second');
    expect(called).toEqual(['first', 'second', 'third']);
    giveBack('month');
    expect(called.at(-1)).toBe('first');
  });

  it('wakes an execution that was parked', () => {
    const { wait, giveBack, called, woken } = open();
    wait('parked', { isParked: true });
    giveBack();
    expect([called, woken]).toEqual([[], ['parked']]);
  });

  it('lets nobody wait on once nothing was given back for as long as a call can take', async () => {
    const { clock, wait, leave, giveBack, called, lines } = open();
    wait('first');
    wait('second');
    await clock.advance(longestMs - 1);
    giveBack();
    expect(wait('first')).toBe(true);
    await clock.advance(longestMs - 1);
    expect(wait('second')).toBe(true);
    expect(called).toEqual(['first']);
    await clock.advance(1);
    expect(called).toEqual(['first', 'first', 'second']);
    for (const id of ['first', 'second']) {
      expect(wait(id)).toBe(false);
      leave(id);
    }
    expect([lines.size, clock.timers]).toEqual([0, 0]);
    expect(wait('later')).toBe(true);
  });

  it('keeps nothing of those who are gone', () => {
    const { clock, wait, lines } = open();
    for (let count = 0; count < 1_000; count++) wait(`execution-${count}`);
    for (let count = 0; count < 1_000; count++) lines.forget(`execution-${count}`);
    expect([lines.size, clock.timers]).toEqual([0, 0]);
  });
});

import { describe, expect, it } from 'vitest';
import { Outcomes } from '../../src/orchestrator/outcomes.ts';
import type { Json } from '../../src/kernel/json.ts';
import type { Execution } from '../../src/work/execution.ts';
import type { ExecutionReports, Outcome } from '../../src/work/execution-store.ts';
import { noUsage } from '../../src/work/usage.ts';
import { settle } from '../../src/testing/test-clock.ts';

const done: Outcome<Json> = { status: 'completed', output: 'done' };

function execution(status: Execution['status']): Execution {
  return {
    id: 'x',
    tenant: 'local',
    userId: null,
    workflow: 'w',
    squadId: null,
    squadVersion: null,
    status,
    priority: 0,
    epoch: 1,
    version: 1,
    input: null,
    output: status === 'completed' ? 'done' : null,
    error: null,
    reason: null,
    metadata: null,
    usage: noUsage,
    wakeAt: null,
    createdAt: 0,
    startedAt: null,
    endedAt: null,
    traceparent: null,
    convoyItemId: null,
  };
}

/** Reports that answer when the test lets them. */
function reports(): { readonly port: ExecutionReports; answer(found: Execution | null): Promise<void> } {
  const asked: ((found: Execution | null) => void)[] = [];
  const refuse = (): never => {
    throw new Error('Only executions are looked up.');
  };
  return {
    port: {
      get: () => new Promise((resolve) => asked.push(resolve)),
      list: refuse,
      records: refuse,
      messages: refuse,
      open: refuse,
      counts: refuse,
      feed: refuse,
      feedEnd: refuse,
    },
    answer: async (found) => {
      asked.shift()?.(found);
      await settle();
    },
  };
}

const running = () => true;
const elsewhere = () => false;

describe('waiting for an outcome', () => {
  it('is told what is announced, without looking it up when the execution runs here', async () => {
    const outcomes = new Outcomes(reports().port, running);
    const waiting = Promise.all([outcomes.wait('local', 'x'), outcomes.wait('local', 'x')]);
    expect(outcomes.isAwaited('x')).toBe(true);
    outcomes.announce('x', done);
    expect(await waiting).toEqual([done, done]);
    expect(outcomes.isAwaited('x')).toBe(false);
  });

  it('finds an execution that has ended already', async () => {
    const { port, answer } = reports();
    const outcomes = new Outcomes(port, elsewhere);
    const waiting = outcomes.wait('local', 'x');
    await answer(execution('completed'));
    expect(await waiting).toEqual(done);
    expect(outcomes.isAwaited('x')).toBe(false);
  });

  it('misses no end that comes while the execution is looked up', async () => {
    const { port, answer } = reports();
    const outcomes = new Outcomes(port, elsewhere);
    const waiting = outcomes.wait('local', 'x');
    outcomes.announce('x', done);
    await answer(execution('running'));
    expect(await waiting).toEqual(done);
  });

  it('is refused an execution that does not exist, and leaves nothing behind', async () => {
    const { port, answer } = reports();
    const outcomes = new Outcomes(port, elsewhere);
    const waiting = outcomes.wait('local', 'x');
    await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'NOT_FOUND' }), answer(null)]);
    expect(outcomes.isAwaited('x')).toBe(false);
  });

  it('ends when its signal aborts, before, during and after the look-up', async () => {
    const { port, answer } = reports();
    const outcomes = new Outcomes(port, elsewhere);
    const reason = new Error('Enough');
    await expect(outcomes.wait('local', 'x', AbortSignal.abort(reason))).rejects.toBe(reason);

    const during = new AbortController();
    const first = outcomes.wait('local', 'x', during.signal);
    during.abort(reason);
    await settle();
    await Promise.all([expect(first).rejects.toBe(reason), answer(execution('running'))]);

    const after = new AbortController();
    const second = outcomes.wait('local', 'x', after.signal);
    await answer(execution('running'));
    after.abort('no error at all');
    await expect(second).rejects.toMatchObject({ name: 'AbortError' });
    expect(outcomes.isAwaited('x')).toBe(false);
  });

  it('does not listen to its signal any more once it is told', async () => {
    const outcomes = new Outcomes(reports().port, running);
    const controller = new AbortController();
    const listening = new Set<unknown>();
    const { signal } = controller;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<AbortSignal['addEventListener']>) => {
      listening.add(args[1]);
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<AbortSignal['removeEventListener']>) => {
      listening.delete(args[1]);
      removeEventListener.apply(signal, args);
    };
    const waiting = outcomes.wait('local', 'x', signal);
    expect(listening.size).toBe(1);
    outcomes.announce('x', done);
    await waiting;
    expect(listening.size).toBe(0);
  });

  it('is told when nothing will be announced any more', async () => {
    const { port, answer } = reports();
    const outcomes = new Outcomes(port, elsewhere);
    const waiting = outcomes.wait('local', 'x');
    await answer(execution('waiting'));
    const closed = new Error('closed');
    outcomes.close(closed);
    await expect(waiting).rejects.toBe(closed);
  });

  it('hears of an end in another process with the news of it, even of one that ran here', async () => {
    const { port, answer } = reports();
    const news = new Set<() => void>();
    const follow = (_: string, onNews: () => void): (() => void) => {
      news.add(onNews);
      return () => news.delete(onNews);
    };
    const outcomes = new Outcomes(port, running, follow);
    const waiting = outcomes.wait('local', 'x');
    await answer(execution('running'));
    for (const onNews of news) onNews();
    await answer(execution('running'));
    for (const onNews of news) onNews();
    await answer(execution('completed'));
    expect(await waiting).toEqual(done);
    expect(news.size).toBe(0);
  });
});

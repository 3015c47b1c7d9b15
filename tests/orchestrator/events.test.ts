import { describe, expect, it } from 'vitest';
import { NonRetryableError } from '../../src/kernel/errors.ts';
import { executionEvents } from '../../src/orchestrator/events.ts';
import type { EventOptions, SquadraEvent } from '../../src/orchestrator/events.ts';
import { StoredEvents } from '../../src/orchestrator/stored-events.ts';
import type { Run } from '../../src/orchestrator/run-handle.ts';
import type { ExecutionReports } from '../../src/work/execution-store.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { Workbench } from '../support/workbench.ts';

const open = sharedWorkbench();

async function collect(run: Run, options?: EventOptions): Promise<SquadraEvent[]> {
  const events: SquadraEvent[] = [];
  for await (const event of run.events(options)) events.push(event);
  return events;
}

/** Stored events as `seq kind`, and `done seq`. */
function told(events: readonly SquadraEvent[]): string[] {
  return events.map((event) => {
    if (event.event === 'text-so-far') return `so far ${event.attempt} ${event.offset} ${event.text}`;
    return event.event === 'text-delta' ? `delta ${event.text}` : `${event.seq} ${event.event}`;
  });
}

const working = (bench: Workbench) =>
  defineWorkflow({
    name: 'working',
    run: async ({ squad, step }) => {
      const { text } = await squad.ask('tester', 'Test it');
      return step.run('last', bench.bodies.body('last')).then((last) => [text, last]);
    },
  });

describe('the events of an execution', () => {
  it('are its records, without gaps from 1, and end with done and the last number', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { message: 'Please', squad: 'software' });
    const following = collect(process.run(id));
    await bench.end('tester/model/1');
    await bench.end('last');
    const events = await following;
    const seqs = events.map((event) => ('seq' in event ? event.seq : 0));
    expect(seqs).toEqual([...seqs.slice(0, -1).keys()].map((place) => place + 1).concat(seqs.length - 1));
    const kinds = 'message status status step message message step step status done';
    expect(events.map((event) => event.event).join(' ')).toBe(kinds);
    expect(events[0]).toMatchObject({ message: { role: 'user', kind: 'request', text: 'Please' } });
    expect(events.at(-2)).toMatchObject({ status: 'completed', output: '["tester/model/1!","last!"]' });
  });

  it('resume after any number with exactly what comes after it, also in another process', async () => {
    await using bench = open();
    const first = bench.start([working(bench)]);
    const id = await first.process.submit('working', { message: 'Please', squad: 'software' });
    await bench.end('tester/model/1');
    first.life.end();
    const second = bench.start([working(bench)]);
    await second.process.resume();
    const live = collect(second.process.run(id), { after: 3 });
    await bench.end('last');
    const all = await collect(second.process.run(id));
    expect(await live).toEqual(all.slice(3));
    for (let after = 0; after < all.length - 1; after++)
      expect(await collect(second.process.run(id), { after })).toEqual(all.slice(after));
    expect(told(await collect(second.process.run(id), { after: all.length - 1 }))).toEqual([`${all.length - 1} done`]);
  });

  it('come page by page when there are many', async () => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({
        name: 'many',
        run: ({ step }) => Promise.all(Array.from({ length: 1_200 }, (_, n) => step.run(`step-${n}`, () => n))),
      }),
    ]);
    const id = await process.submit('many');
    const events = await collect(process.run(id));
    const seqs = events.flatMap((event) => ('seq' in event && event.event !== 'done' ? [event.seq] : []));
    expect(seqs).toEqual(Array.from({ length: 1_203 }, (_, place) => place + 1));
    expect(events.at(-1)).toEqual({ event: 'done', seq: 1_203 });
  });

  it('of an execution that failed, was retried and failed again go on to the last end', async () => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({ name: 'failing', run: ({ step }) => step.run('a', bench.bodies.body('a')) }),
    ]);
    const id = await process.submit('failing');
    await bench.fail('a', new NonRetryableError('No'));
    await process.run(id).retry();
    await bench.fail('a', new NonRetryableError('Still no'));
    const events = await collect(process.run(id));
    const statuses = events.flatMap((event) => (event.event === 'status' ? [event.status] : []));
    expect(statuses).toEqual(['queued', 'running', 'failed', 'queued', 'running', 'failed']);
    expect(events.filter(({ event }) => event === 'done')).toEqual([{ event: 'done', seq: events.length - 1 }]);
  });

  it('miss nothing of an execution that is retried and ends again between two looks at it', async () => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({ name: 'failing', run: ({ step }) => step.run('a', bench.bodies.body('a')) }),
    ]);
    const id = await process.submit('failing');
    await bench.fail('a', new NonRetryableError('No'));
    const { reports } = bench.state;
    let looks = 0;
    const slow = {
      feed: (...args: Parameters<ExecutionReports['feed']>) => reports.feed(...args),
      feedEnd: (tenant: string) => reports.feedEnd(tenant),
      records: (...args: Parameters<ExecutionReports['records']>) => reports.records(...args),
      get: async (tenant: string, executionId: string) => {
        if (++looks === 1) {
          await process.run(id).retry();
          await bench.end('a');
        }
        return reports.get(tenant, executionId);
      },
    };
    const events: SquadraEvent[] = [];
    const sources = { ...process.events, stored: new StoredEvents(slow) };
    for await (const event of executionEvents(sources, 'local', id, {})) events.push(event);
    expect(events.at(-2)).toMatchObject({ event: 'status', status: 'completed' });
  });

  it('of a failed execution that is being retried do not end yet', async () => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({ name: 'failing', run: ({ step }) => step.run('a', bench.bodies.body('a')) }),
    ]);
    const id = await process.submit('failing');
    await bench.fail('a', new NonRetryableError('No'));
    await process.run(id).retry();
    const following = collect(process.run(id));
    await bench.end('a');
    expect((await following).at(-2)).toMatchObject({ event: 'status', status: 'completed' });
  });

  it('tell of a cancel', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software', start: false });
    const following = collect(process.run(id));
    await bench.quiet();
    await process.run(id).cancel('enough');
    expect((await following).slice(-2)).toMatchObject([
      { event: 'status', status: 'cancelled', reason: 'enough' },
      { event: 'done' },
    ]);
  });

  it('end with what is stored when nobody wants to follow', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software' });
    await bench.end('tester/model/1');
    const events = await collect(process.run(id), { follow: false });
    expect(told(events).at(-1)).toMatch(/^\d+ (message|step)$/);
  });

  it('carry text as it streams, which is not stored and has no number', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software' });
    const following = collect(process.run(id));
    await bench.quiet();
    const delta = { executionId: id, stepKey: 'tester/model/1', attempt: 1 };
    process.events.liveText.add({ ...delta, offset: 0, text: 'Hel' });
    process.events.liveText.add({ ...delta, offset: 3, text: 'lo' });
    process.events.liveText.end(delta);
    await bench.end('tester/model/1');
    await bench.end('last');
    const events = told(await following);
    expect(events.filter((event) => event.startsWith('delta'))).toEqual(['delta Hel', 'delta lo']);
    expect(events.filter((event) => !event.startsWith('delta'))).toEqual(told(await collect(process.run(id))));
  });

  it('stop when the signal aborts, and when the reader leaves, and listen no more', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software' });
    let listening = 0;
    const subscribe = process.bus.subscribe.bind(process.bus);
    process.bus.subscribe = (...args) => {
      const unsubscribe = subscribe(...args);
      listening++;
      return () => (listening--, unsubscribe());
    };
    const controller = new AbortController();
    const following = collect(process.run(id), { signal: controller.signal });
    await bench.quiet();
    controller.abort();
    expect(told(await following).at(-1)).not.toContain('done');
    for await (const event of process.run(id).events()) if (event.event === 'step') break;
    expect(listening).toBe(0);
  });

  it('give who comes late what each call in flight has said, and all of it', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software' });
    await bench.quiet();
    const delta = { executionId: id, stepKey: 'tester/model/1', attempt: 1 };
    const { liveText } = process.events;
    liveText.add({ ...delta, offset: 0, text: 'Hel' });
    liveText.add({ ...delta, offset: 3, text: 'lo' });
    const following = collect(process.run(id));
    await bench.quiet();
    liveText.add({ ...delta, offset: 5, text: ', you' });
    liveText.end(delta);
    await bench.end('tester/model/1');
    await bench.end('last');
    const events = told(await following);
    expect(events.filter((event) => !/^\d/.test(event))).toEqual(['so far 1 0 Hello', 'delta , you']);
    expect(liveText.size).toBe(0);
  });

  it('bring the last pieces of an answer before the answer, and none after it', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software' });
    const batches = process.run(id).events()[Symbol.asyncIterator]();
    const seen: SquadraEvent[] = [];
    const read = async (): Promise<boolean> => {
      const { done, value } = await batches.next();
      if (done !== true) seen.push(value);
      return done !== true;
    };
    // Up to the intent of the call, and then nobody reads for a while.
    while (!seen.some((event) => event.event === 'step')) await read();
    const delta = { executionId: id, stepKey: 'tester/model/1', attempt: 1 };
    const waiting = read();
    await bench.quiet();
    process.events.liveText.add({ ...delta, offset: 0, text: 'Hel' });
    process.events.liveText.add({ ...delta, offset: 3, text: 'lo' });
    process.events.liveText.end(delta);
    await bench.end('tester/model/1');
    await waiting;
    await bench.end('last');
    while (await read());
    const order = told(seen);
    const answer = seen.findIndex((event) => event.event === 'step' && event.phase === 'completed');
    expect(order.slice(0, answer).filter((event) => event.startsWith('delta'))).toEqual(['delta Hel', 'delta lo']);
    expect(order.slice(answer).filter((event) => event.startsWith('delta'))).toEqual([]);
  });

  it('make up for pieces that a slow reader missed with what was said so far', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software' });
    const abort = new AbortController();
    const reader = process.run(id).events({ signal: abort.signal });
    const seen: SquadraEvent[] = [];
    const delta = { executionId: id, stepKey: 'tester/model/1', attempt: 1 };
    await bench.quiet();
    process.events.liveText.add({ ...delta, offset: 0, text: '.' });
    let length = 1;
    for await (const event of reader) {
      seen.push(event);
      if (event.event !== 'text-so-far') continue;
      if (seen.filter(({ event: name }) => name === 'text-so-far').length === 2) break;
      // While this one is looked at, many pieces come, each told on its own.
      for (; length < 500; length++) {
        process.events.liveText.add({ ...delta, offset: length, text: '.' });
        await bench.clock.advance(2_000);
      }
    }
    expect(seen.at(-1)).toMatchObject({ event: 'text-so-far', offset: 0, text: '.'.repeat(length) });
  });

  it('end with the last number there is, whatever number was asked for', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software', start: false });
    await process.run(id).cancel();
    const all = await collect(process.run(id));
    const { length } = all;
    for (const after of [length - 1, length, 1_000_000])
      expect(await collect(process.run(id), { after })).toEqual([{ event: 'done', seq: length - 1 }]);
  });

  it('of what is still open end with an error when Squadra is closed, also for who comes then', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software' });
    const following = collect(process.run(id));
    await bench.quiet();
    process.bus.close();
    await expect(following).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(collect(process.run(id))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(process.bus.listenedTo).toBe(0);
  });

  it('are read once for all who wait for the same', async () => {
    await using bench = open();
    const { process } = bench.start([working(bench)]);
    const id = await process.submit('working', { input: {}, squad: 'software' });
    let reads = 0;
    const { reports } = bench.state;
    const counted = {
      get: (tenant: string, executionId: string) => reports.get(tenant, executionId),
      feed: (...args: Parameters<ExecutionReports['feed']>) => reports.feed(...args),
      feedEnd: (tenant: string) => reports.feedEnd(tenant),
      records: (...args: Parameters<ExecutionReports['records']>) => (reads++, reports.records(...args)),
    };
    const sources = { ...process.events, stored: new StoredEvents(counted) };
    const follow = async (): Promise<SquadraEvent[]> => {
      const events: SquadraEvent[] = [];
      for await (const event of executionEvents(sources, 'local', id, {})) events.push(event);
      return events;
    };
    const many = Array.from({ length: 100 }, follow);
    await bench.end('tester/model/1');
    await bench.end('last');
    const [first, ...others] = await Promise.all(many);
    for (const other of others) expect(other).toEqual(first);
    expect(reads).toBeLessThan(20);
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { SquadraError } from '../../../src/kernel/errors.ts';
import type { InboxCommand, InboxReply } from '../../../src/work/inbox.ts';
import { InboxFile } from '../../../src/work/sqlite/inbox-file.ts';
import { SqliteInbox } from '../../../src/work/sqlite/sqlite-inbox.ts';
import { statePaths } from '../../../src/work/sqlite/sqlite-state.ts';
import { newId } from '../../contracts/contract-state.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { startChild } from './child.ts';
import { temporaryFolder } from './open-state.ts';

const stateOwner = new URL('./state-owner.ts', import.meta.url);

const command = (body: InboxCommand['body'] = null): InboxCommand => ({
  id: newId(),
  tenant: 'local',
  name: 'signal',
  body,
});
const ok: InboxReply = { ok: true, value: null };

async function open() {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'inbox.db');
  const clock = new TestClock();
  const failures: unknown[] = [];
  const inbox = new SqliteInbox(path, clock, (error) => failures.push(error));
  return { path, clock, inbox, failures, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** Moves the clock in small steps until it has come to an outcome; the error if that was one. */
async function outcomeOf<T>(clock: TestClock, pending: Promise<T>): Promise<T | SquadraError> {
  let done = false;
  const outcome = pending
    .catch((error: unknown) => error as SquadraError)
    .finally(() => {
      done = true;
    });
  while (!done) await clock.advance(5);
  return outcome;
}

describe('the inbox', () => {
  it('hands a command to the owner within 250 ms, and the reply to its sender', async () => {
    await using state = await open();
    const taken: InboxCommand[] = [];
    await using _ = state.inbox.serve(async (given) => {
      taken.push(given);
      return { ok: true, value: { done: [given.body] } };
    });
    const sent = command({ deep: ['„x“', null] });
    const before = state.clock.now();
    expect(await outcomeOf(state.clock, state.inbox.send(sent, 5_000))).toEqual({
      ok: true,
      value: { done: [sent.body] },
    });
    expect(state.clock.now() - before).toBeLessThanOrEqual(250);
    expect(taken).toEqual([sent]);
  });

  it('takes commands oldest first and one at a time', async () => {
    await using state = await open();
    const sent = Array.from({ length: 5 }, (_, number) => command(number));
    const replies = sent.map((given) => state.inbox.send(given, 60_000));
    const log: string[] = [];
    await using _ = state.inbox.serve(async (given) => {
      log.push(`begin ${JSON.stringify(given.body)}`);
      await new Promise<void>((resolve) => state.clock.setTimer(30, resolve));
      log.push(`end ${JSON.stringify(given.body)}`);
      return ok;
    });
    await outcomeOf(state.clock, Promise.all(replies));
    expect(log).toEqual(sent.flatMap((_, number) => [`begin ${number}`, `end ${number}`]));
  });

  it('replies with the error of a command that failed', async () => {
    await using state = await open();
    await using _ = state.inbox.serve(() => Promise.reject(new SquadraError('NOT_FOUND', 'There is no execution x.')));
    const reply = await outcomeOf(state.clock, state.inbox.send(command(), 5_000));
    expect(reply).toMatchObject({ ok: false, error: { code: 'NOT_FOUND', message: 'There is no execution x.' } });
  });

  it('applies a command once, however often its sender sends it', async () => {
    await using state = await open();
    let applied = 0;
    await using _ = state.inbox.serve(async () => ({ ok: true, value: ++applied }));
    const sent = command();
    const both = Promise.all([state.inbox.send(sent, 5_000), state.inbox.send(sent, 5_000)]);
    expect(await outcomeOf(state.clock, both)).toEqual([1, 1].map((value) => ({ ok: true, value })));
    expect(await outcomeOf(state.clock, state.inbox.send(sent, 5_000))).toEqual({ ok: true, value: 1 });
  });

  it('keeps what came while nobody owned the state, for as long as its sender waits', async () => {
    await using state = await open();
    const patient = state.inbox.send(command('wanted'), 10_000);
    const hasty = outcomeOf(state.clock, state.inbox.send(command('not wanted'), 1_000));
    expect(await hasty).toMatchObject({ code: 'SHUTTING_DOWN', details: { begun: false } });
    const taken: unknown[] = [];
    await using _ = state.inbox.serve(async (given) => {
      taken.push(given.body);
      return ok;
    });
    expect(await outcomeOf(state.clock, patient)).toEqual(ok);
    expect(taken).toEqual(['wanted']);
  });

  it('takes again what an owner had begun when it was killed', async () => {
    await using state = await open();
    const sent = command('begun');
    const reply = state.inbox.send(sent, 10_000);
    {
      using file = new InboxFile(state.path);
      expect(file.begin(sent.id)).toBe(true);
    }
    await using _ = state.inbox.serve(async () => ok);
    expect(await outcomeOf(state.clock, reply)).toEqual(ok);
  });

  it('says that a command was begun when its reply takes longer than the sender waits', async () => {
    await using state = await open();
    let finish = (): void => {};
    await using _ = state.inbox.serve(() => new Promise((resolve) => (finish = () => resolve(ok))));
    const late = await outcomeOf(state.clock, state.inbox.send(command(), 1_000));
    expect(late).toMatchObject({ code: 'SHUTTING_DOWN', details: { begun: true } });
    finish();
  });

  it('finishes the command under way when its owner stops, and leaves the others', async () => {
    await using state = await open();
    const [first, second] = [command('first'), command('second')];
    const replies = [state.inbox.send(first, 10_000), state.inbox.send(second, 10_000)] as const;
    let finish = (): void => {};
    const service = state.inbox.serve(() => new Promise((resolve) => (finish = () => resolve(ok))));
    await state.clock.advance(0);
    const stopped = service[Symbol.asyncDispose]();
    finish();
    await stopped;
    expect(await outcomeOf(state.clock, replies[0])).toEqual(ok);
    await using _ = state.inbox.serve(async () => ({ ok: true, value: 'next owner' }));
    expect(await outcomeOf(state.clock, replies[1])).toEqual({ ok: true, value: 'next owner' });
  });

  it('forgets what was answered long ago', async () => {
    await using state = await open();
    await using _ = state.inbox.serve(async () => ok);
    const old = command();
    await outcomeOf(state.clock, state.inbox.send(old, 5_000));
    using file = new InboxFile(state.path);
    expect(file.reply(old.id)).toEqual(ok);
    await state.clock.advance(3_600_000);
    await outcomeOf(state.clock, state.inbox.send(command(), 5_000));
    expect(file.reply(old.id)).toBeNull();
  });

  it('refuses more commands than an owner that lives would leave waiting', async () => {
    await using state = await open();
    using file = new InboxFile(state.path);
    for (let count = 0; count < 1_000; count++) file.leave(command(count), 0);
    const refused = await outcomeOf(state.clock, state.inbox.send(command(), 1_000));
    expect(refused).toMatchObject({ code: 'WRITES_SATURATED' });
  });

  it('whose file is damaged is refused with a clear error', async () => {
    await using state = await open();
    writeFileSync(state.path, 'garbage '.repeat(1_000));
    const damaged = { code: 'STORE_CORRUPT', message: expect.stringContaining(state.path) };
    await expect(state.inbox.send(command(), 1_000)).rejects.toMatchObject(damaged);
    expect(() => state.inbox.serve(async () => ok)).toThrow(expect.objectContaining(damaged));
  });

  it('carries commands between processes', async () => {
    await using folder = await temporaryFolder();
    await using owner = startChild(stateOwner, folder.path, 'serve');
    await owner.line();
    const inbox = new SqliteInbox(statePaths(folder.path).inbox, systemClock);
    const replies = await Promise.all([1, 2, 3].map((body) => inbox.send(command(body), 10_000)));
    expect(replies).toEqual([1, 2, 3].map((body) => ({ ok: true, value: ['signal', body] })));
  });
});

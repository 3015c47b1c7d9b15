import { expect, it } from 'vitest';
import { SquadraError } from '../../src/kernel/errors.ts';
import { toFailure } from '../../src/kernel/failure.ts';
import { routeCommand } from '../../src/orchestrator/command-route.ts';
import type { CommandWays } from '../../src/orchestrator/command-route.ts';
import type { InboxCommand, InboxReply } from '../../src/work/inbox.ts';

const command: InboxCommand = { id: 'c1', tenant: 'local', name: 'start', body: { id: 'x' } };
const done: InboxReply = { ok: true, value: 'done' };
const notTaken = new SquadraError('SHUTTING_DOWN', 'not taken', { details: { begun: false } });
const locked = new SquadraError('STORE_LOCKED', 'locked');

/** Ways that answer what the test says, turn by turn; an owner is there where something is sent. */
function ways(
  ...turns: ({ sent: InboxReply | Error } | { taken: InboxReply | Error })[]
): CommandWays & { tried: string[] } {
  const tried: string[] = [];
  const answer = async (way: 'sent' | 'taken'): Promise<InboxReply> => {
    tried.push(way);
    const turn: { sent?: InboxReply | Error; taken?: InboxReply | Error } = turns.shift() ?? {};
    const reply = turn[way];
    if (reply === undefined) throw new Error(`Nothing was to be ${way}.`);
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return {
    tried,
    isOwned: () => 'sent' in (turns[0] ?? {}),
    send: () => answer('sent'),
    takeOneself: () => answer('taken'),
  };
}

it('goes through the owner where there is one, and takes the state where there is none', async () => {
  expect(await routeCommand(ways({ sent: done }), command)).toEqual({ value: 'done', isOwned: true });
  expect(await routeCommand(ways({ taken: done }), command)).toEqual({ value: 'done', isOwned: false });
});

it('follows a state that changes hands on the way', async () => {
  const leaving = ways({ sent: notTaken }, { taken: locked }, { sent: done });
  expect(await routeCommand(leaving, command)).toEqual({ value: 'done', isOwned: true });
  expect(leaving.tried).toEqual(['sent', 'taken', 'sent']);
});

it('gives up when that goes on and on', async () => {
  const restless = ways(...Array.from({ length: 9 }, () => ({ taken: locked })));
  await expect(routeCommand(restless, command)).rejects.toBe(locked);
  expect(restless.tried).toHaveLength(4);
});

it('does not repeat a command that an owner has begun', async () => {
  const begun = new SquadraError('SHUTTING_DOWN', 'begun', { details: { begun: true } });
  await expect(routeCommand(ways({ sent: begun }, { taken: done }), command)).rejects.toBe(begun);
});

it('throws what the command threw', async () => {
  const reply: InboxReply = { ok: false, error: toFailure(new SquadraError('ALREADY_ENDED', 'It has ended.')) };
  await expect(routeCommand(ways({ sent: reply }), command)).rejects.toMatchObject({
    code: 'ALREADY_ENDED',
    message: 'It has ended.',
  });
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Writer } from '../../../src/work/sqlite/writer.ts';
import { newId } from '../../contracts/contract-state.ts';
import { temporaryFolder } from './open-state.ts';

async function open(given: { readonly maxPendingWrites?: number; readonly commitDelayMs?: number } = {}) {
  const folder = await temporaryFolder();
  const settings = {
    path: join(folder.path, 'squadra.db'),
    maxPendingWrites: 1_000,
    commitDelayMs: 0,
    metrics: true,
    ...given,
  };
  const writer = await Writer.open(settings);
  return {
    writer,
    settings,
    create: (name: string) => writer.run('createSquad', ['local', newId(), name, 1, '{}', null]),
    [Symbol.asyncDispose]: async () => {
      await writer.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('the writer', () => {
  it('answers in the order of the calls, each with its own outcome', async () => {
    await using state = await open();
    const order: string[] = [];
    const names = Array.from({ length: 200 }, (_, number) => `squad-${number % 150}`);
    const calls = names.map((name, number) =>
      state.create(name).then(
        () => order.push(`${number} stored`),
        (error: unknown) => order.push(`${number} ${(error as { code: string }).code}`),
      ),
    );
    await Promise.all(calls);
    expect(order).toEqual(names.map((_, number) => `${number} ${number < 150 ? 'stored' : 'NAME_TAKEN'}`));
  });

  it('puts what arrives while it commits into the next group', async () => {
    await using state = await open({ commitDelayMs: 20 });
    await Promise.all(Array.from({ length: 300 }, (_, number) => state.create(`squad-${number}`)));
    const { operations, groups } = state.writer.statistics();
    expect(operations).toBe(300);
    expect(groups).toBeLessThanOrEqual(3);
  });

  it('lets the event loop turn while it hands out the answers of a large group', async () => {
    await using state = await open();
    let answered = 0;
    let answeredAtTurn = Infinity;
    const calls = Array.from({ length: 300 }, async (_, number) => {
      await state.create(`squad-${number}`);
      if (answered++ === 0) setImmediate(() => (answeredAtTurn = answered));
    });
    await Promise.all(calls);
    expect(state.writer.statistics().groups).toBe(1);
    expect(answeredAtTurn).toBeLessThan(300);
  });

  it('refuses with WRITES_SATURATED what is more than may wait, and takes more when there is room', async () => {
    await using state = await open({ maxPendingWrites: 10, commitDelayMs: 20 });
    const calls = Array.from({ length: 15 }, (_, number) => state.create(`squad-${number}`));
    expect(state.writer.statistics().pending).toBe(10);
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 10 }, () => 'fulfilled'),
      ...Array.from({ length: 5 }, () => 'rejected'),
    ]);
    expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'WRITES_SATURATED' } });
    expect(state.writer.statistics().pending).toBe(0);
    await state.create('squad-14');
  });

  it('writes what it has accepted before it closes, and refuses what comes after', async () => {
    await using state = await open({ commitDelayMs: 5 });
    const calls = Array.from({ length: 50 }, (_, number) => state.create(`squad-${number}`));
    const closing = state.writer.close();
    await expect(state.create('while it closes')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await closing;
    expect((await Promise.allSettled(calls)).every(({ status }) => status === 'fulfilled')).toBe(true);
    await expect(state.create('late')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    const again = await Writer.open(state.settings);
    const taken = again.run('createSquad', ['local', newId(), 'squad-49', 1, '{}', null]);
    await expect(taken).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    await again.close();
  });
});

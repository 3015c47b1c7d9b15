import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { temporaryFolder } from '../../work/sqlite/open-state.ts';
import { intervalMs, openTicking, request, start, untilTold } from './ticking.ts';

const metadataShape = z.object({ schedule: z.looseObject({ tick: z.string() }) });

/** A process whose schedule has ticked twice. */
async function open() {
  const folder = await temporaryFolder();
  const clock = new TestClock(start);
  const squadra = await openTicking(folder.path, clock);
  onTestFinished(async () => {
    await squadra[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const { id } = await squadra.schedules.create(request);
  await untilTold(squadra, clock, 2);
  return { squadra, clock, id, schedules: squadra.schedules };
}

it('does not make up for ticks of a pause', async () => {
  const { clock, id, schedules } = await open();
  const { counts } = await schedules.pause(id);
  await clock.advance(5 * intervalMs);
  expect(await schedules.get(id)).toMatchObject({ status: 'paused', nextAt: null, counts });
  const { nextAt } = await schedules.resume(id);
  expect(nextAt).toBeGreaterThan(clock.now());
  expect(nextAt).toBeLessThanOrEqual(clock.now() + intervalMs);
});

it('goes on behind the last tick also when the clock was set back during the pause', async () => {
  const { squadra, clock, id, schedules } = await open();
  const { lastTick, counts } = await schedules.pause(id);
  clock.set(start);
  expect((await schedules.resume(id)).nextAt).toBe((lastTick ?? 0) + intervalMs);
  await untilTold(squadra, clock, counts.fired + 1);
  const { items } = await squadra.list({ schedule: id, limit: 200 });
  const ticks = items.map(({ metadata }) => Date.parse(metadataShape.parse(metadata).schedule.tick)).toReversed();
  expect(ticks).toEqual(ticks.map((_, place) => start + (place + 1) * intervalMs));
});

it('tells those who wait for what its removal cancelled', async () => {
  const { squadra, clock, schedules } = await open();
  const approving = { every: intervalMs, workflow: 'ask', input: {}, overlap: 'queue' } as const;
  const { id } = await schedules.create(approving);
  const inEach = async (status: 'waiting' | 'created') => (await squadra.list({ schedule: id, status })).items;
  while ((await inEach('waiting')).length === 0) await clock.advance(intervalMs);
  while ((await inEach('created')).length === 0) await clock.advance(intervalMs);
  const [waits] = await inEach('created');
  const outcome = squadra.run(waits?.id ?? '').result();
  await schedules.remove(id);
  expect(await outcome).toEqual({ status: 'cancelled', reason: 'its schedule was deleted' });
  expect(await inEach('waiting')).toHaveLength(1);
});

it('is seen by its tenant only', async () => {
  const { squadra, id } = await open();
  const { schedules } = squadra.forTenant('other');
  expect((await schedules.list()).items).toEqual([]);
  const refused = { code: 'NOT_FOUND' };
  await expect(schedules.get(id)).rejects.toMatchObject(refused);
  await expect(schedules.get('told')).rejects.toMatchObject(refused);
  await expect(schedules.pause(id)).rejects.toMatchObject(refused);
  await expect(schedules.remove(id)).rejects.toMatchObject(refused);
});

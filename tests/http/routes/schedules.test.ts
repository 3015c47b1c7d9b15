import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createClient } from '../../../src/client.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, AskOptions, TestServer } from '../../support/http-server.ts';

const unknownId = '00000000-0000-7000-8000-000000000000';
const count = defineWorkflow({
  name: 'count',
  input: z.object({ from: z.int() }),
  run: ({ input, step }) => step.run('count', () => input.from + 1),
});
const shape = z.looseObject({ id: z.string(), version: z.int(), nextAt: z.string().nullable() });

let server: TestServer;
let ask: (path: string, options?: AskOptions) => Promise<Answer>;
beforeAll(async () => {
  server = await openTestServer({ workflows: [count] });
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const hourly = { every: '1h', workflow: 'count', input: { from: 1 } };
const create = (body: object, headers = {}) => ask('/schedules', { body, headers });
const made = async (body: object = hourly) => shape.parse((await create(body)).body);
const change = (id: string, body: object, tag?: string) =>
  ask(`/schedules/${id}`, { method: 'PATCH', body, headers: tag === undefined ? {} : { 'if-match': tag } });

describe('POST /schedules', () => {
  it('stores a schedule and answers with it and its next ticks', async () => {
    const body = { name: 'mornings', cron: '0 9 * * mon-fri', timezone: 'Europe/Berlin' };
    const answer = await create({
      ...body,
      message: 'Look at the news',
      overlap: 'queue',
      missed: 'all',
      priority: -3,
    });
    const { id } = shape.parse(answer.body);
    expect(answer).toMatchObject({
      status: 201,
      body: {
        ...body,
        input: { message: 'Look at the news' },
        workflow: 'pipeline',
        status: 'active',
        everyMs: null,
        overlap: 'queue',
        missed: 'all',
        priority: -3,
        version: 1,
        counts: { fired: 0, skipped: 0, missed: 0 },
      },
    });
    expect(answer.headers.get('location')).toBe(`/api/v1/schedules/${id}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    const { upcoming } = z.looseObject({ upcoming: z.array(z.string()) }).parse(answer.body);
    expect(upcoming).toHaveLength(5);
    expect((await ask(`/schedules/${id}`)).body).toEqual(answer.body);
  });

  it('says what is not said, and counts intervals from now on', async () => {
    const before = Date.now();
    const { nextAt } = await made();
    expect(Date.parse(nextAt ?? '')).toBeGreaterThanOrEqual(before + 3_600_000);
    expect((await create({ every: 90_000, message: 'x' })).body).toMatchObject({
      everyMs: 90_000,
      timezone: null,
      overlap: 'skip',
      missed: 'once',
      workflow: 'pipeline',
    });
  });

  it.each([
    ['nothing of when', { message: 'x' }, 'INVALID_INPUT', "one of 'cron' and 'every'"],
    ['both of when', { cron: '@daily', every: '1h', message: 'x' }, 'INVALID_INPUT', "one of 'cron' and 'every'"],
    ['nothing of what', { every: '1h' }, 'INVALID_INPUT', "one of 'message' and 'input'"],
    ['a bad expression', { cron: '61 * * * *', message: 'x' }, 'INVALID_INPUT', 'Invalid value for minute: 61'],
    ['a date', { cron: '2030-01-01T00:00:00', message: 'x' }, 'INVALID_INPUT', 'use five fields'],
    ['seven fields', { cron: '* * * * * * *', message: 'x' }, 'INVALID_INPUT', 'it has 7 fields'],
    ['a day that never comes', { cron: '0 0 30 2 *', message: 'x' }, 'INVALID_INPUT', 'never comes'],
    ['a bad time zone', { cron: '@daily', timezone: 'Mars/Olympus', message: 'x' }, 'INVALID_INPUT', 'Europe/Berlin'],
    ['an offset', { cron: '@daily', timezone: '+02:00', message: 'x' }, 'INVALID_INPUT', 'IANA'],
    ['a time zone of intervals', { every: '1h', timezone: 'UTC', message: 'x' }, 'INVALID_INPUT', 'leave it out'],
    ['too short an interval', { every: 999, message: 'x' }, 'INVALID_INPUT', 'at least 1s'],
    ['no duration', { every: 'often', message: 'x' }, 'INVALID_DURATION', 'not a duration'],
    ['an unknown squad', { every: '1h', squad: 'nobody', message: 'x' }, 'UNKNOWN_SQUAD', 'nobody'],
    ['an unknown workflow', { every: '1h', workflow: 'nothing', message: 'x' }, 'UNKNOWN_WORKFLOW', 'nothing'],
    ['an input that does not fit', { ...hourly, input: { from: 'x' } }, 'INVALID_INPUT', 'from'],
    ['an unknown field', { ...hourly, colour: 'red' }, 'INVALID_INPUT', 'colour'],
    ['an unknown rule', { ...hourly, overlap: 'allow' }, 'INVALID_INPUT', 'overlap'],
  ])('refuses %s, says what to do, and stores nothing', async (_, body, code, named) => {
    const before = (await ask('/schedules?limit=200')).body;
    const answer = await create(body);
    expect(answer).toMatchObject({ status: 400, body: { code, detail: expect.stringContaining(named) } });
    expect((await ask('/schedules?limit=200')).body).toEqual(before);
  });

  it('takes the same request under the same key once, and no other under it', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = shape.parse((await create(hourly, headers)).body);
    const again = await create(hourly, headers);
    expect(again).toMatchObject({ status: 201, body: { id: first.id } });
    expect(await create({ ...hourly, every: '2h' }, headers)).toMatchObject({
      status: 409,
      body: { code: 'IDEMPOTENCY_CONFLICT' },
    });
  });

  it('takes a name once', async () => {
    await made({ ...hourly, name: 'unique' });
    expect(await create({ ...hourly, name: 'unique' })).toMatchObject({ status: 409, body: { code: 'NAME_TAKEN' } });
  });
});

describe('GET /schedules', () => {
  it('lists them newest first, page by page, and narrowed', async () => {
    const ids = [(await made()).id, (await made()).id];
    const page = z.object({ items: z.array(shape), nextCursor: z.string().nullable() });
    const first = page.parse((await ask('/schedules?limit=1&status=active')).body);
    expect(first.items.map(({ id }) => id)).toEqual([ids[1]]);
    const second = page.parse((await ask(`/schedules?limit=1&cursor=${first.nextCursor ?? ''}`)).body);
    expect(second.items.map(({ id }) => id)).toEqual([ids[0]]);
    expect(page.parse((await ask('/schedules?squad=review')).body).items).toEqual([]);
    expect((await ask('/schedules?squad=nobody')).status).toBe(400);
    expect((await ask('/schedules?status=sleepy')).status).toBe(400);
    expect((await ask('/schedules?cursor=nonsense')).status).toBe(400);
  });
});

describe('PATCH /schedules/{id}', () => {
  it('pauses and resumes the version that was read', async () => {
    const { id } = await made();
    expect((await change(id, { status: 'paused' })).status).toBe(428);
    expect(await change(id, { status: 'paused' }, '"1"')).toMatchObject({
      status: 200,
      body: { status: 'paused', nextAt: null, version: 2, upcoming: [] },
    });
    expect(await change(id, { status: 'active' }, '"1"')).toMatchObject({ status: 412, body: { currentVersion: 2 } });
    expect(await change(id, { status: 'paused' }, '"2"')).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await change(id, { status: 'active' }, '"2"')).toMatchObject({
      status: 200,
      body: { status: 'active', nextAt: expect.any(String), version: 3 },
    });
    expect((await change(id, { status: 'asleep' }, '*')).status).toBe(400);
    expect((await change(unknownId, { status: 'paused' }, '*')).status).toBe(404);
  });
});

describe('DELETE /schedules/{id}', () => {
  it('deletes it, and lets its squad be deleted then', async () => {
    const squad = await server.assembly.squadra.squads.create({ name: 'crew', members: [{ role: 'tester' }] });
    const { id } = await made({ every: '1h', squad: 'crew', message: 'x' });
    const refused = await ask(`/squads/${squad.id}`, { method: 'DELETE' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'SQUAD_SCHEDULED' } });
    const remove = (headers = {}) => ask(`/schedules/${id}`, { method: 'DELETE', headers });
    expect((await remove({ 'if-match': '"7"' })).status).toBe(412);
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
    expect((await ask(`/squads/${squad.id}`, { method: 'DELETE' })).status).toBe(204);
  });
});

it('ticks, and shows what it made', async () => {
  const { id } = await made({ ...hourly, every: '1s', overlap: 'queue' });
  for await (const event of server.assembly.squadra.events({ after: 'start' }))
    if (event.event === 'status' && event.status === 'completed') break;
  const listed = await ask(`/executions?schedule=${id}&status=completed`);
  const tick = expect.stringMatching(/^\d{4}-/);
  expect(listed.body).toMatchObject({
    items: [{ workflow: 'count', output: 2, metadata: { schedule: { id, tick } } }],
  });
  expect((await ask(`/schedules/${id}`)).body).toMatchObject({ lastExecutionId: expect.any(String) });
  expect((await ask(`/executions?schedule=${unknownId}`)).body).toMatchObject({ items: [] });
  expect((await server.ask('/metrics')).text).toMatch(/squadra_schedule_ticks_total\{outcome="fired"\} [1-9]/);
  await server.assembly.squadra.schedules.remove(id);
});

it('is there in the client', async () => {
  const { schedules } = createClient({ url: server.url });
  const schedule = await schedules.create({ every: '1h', message: 'x' }, { idempotencyKey: 'client' });
  expect((await schedules.create({ every: '1h', message: 'x' }, { idempotencyKey: 'client' })).id).toBe(schedule.id);
  const paused = await schedules.pause(schedule);
  expect(paused).toMatchObject({ id: schedule.id, status: 'paused' });
  await expect(schedules.resume(schedule)).rejects.toMatchObject({ code: 'STALE_VERSION' });
  expect((await schedules.resume(paused)).status).toBe('active');
  expect((await schedules.get(schedule.id)).upcoming).toHaveLength(5);
  expect((await schedules.list({ limit: 1 })).items).toMatchObject([{ id: schedule.id }]);
  await schedules.remove(schedule.id);
  await expect(schedules.get(schedule.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

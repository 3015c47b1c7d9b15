import type { FastifyInstance } from 'fastify';
import { scheduleDocument, scheduleSummary } from '../../orchestrator/schedules/schedule-document.ts';
import { checkCondition, etagOf, readIfMatch, requireIfMatch } from '../etag.ts';
import { idempotencyHeaders, idempotencyOf } from '../idempotency.ts';
import { route } from '../route.ts';
import { ifMatchHeaders, optionalIfMatchHeaders } from '../schemas/etag.ts';
import { idParams, pageSchema } from '../schemas/id.ts';
import {
  newScheduleBody,
  scheduleChangeBody,
  scheduleListQuery,
  scheduleSchema,
  scheduleSummarySchema,
} from '../schemas/schedule.ts';

const tag = 'schedules';

/** Schedules: work that is begun again and again. */
export function scheduleRoutes(app: FastifyInstance): void {
  making(app);
  reading(app);
  changing(app);
}

function making(app: FastifyInstance): void {
  route(app, {
    method: 'POST',
    url: '/schedules',
    operationId: 'createSchedule',
    summary: 'Have work begun again and again',
    description:
      'By a cron expression or at intervals. Answers as soon as it is stored; the first tick is the next one. What each tick makes is an execution; `GET /executions?schedule=` lists them.',
    tag,
    scope: 'write',
    admitsWork: true,
    headers: idempotencyHeaders('schedule'),
    body: newScheduleBody,
    answers: { 201: scheduleSchema },
    problems: [409],
    handle: async ({ body, request, reply, squadra }) => {
      const schedule = await squadra.schedules.create({ ...body, ...idempotencyOf(request) });
      reply.code(201).header('location', `/api/v1/schedules/${schedule.id}`).header('etag', etagOf(schedule.version));
      return scheduleDocument(schedule);
    },
  });
}

function reading(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/schedules',
    operationId: 'listSchedules',
    summary: 'Schedules, newest first',
    tag,
    scope: 'read',
    query: scheduleListQuery,
    answers: { 200: pageSchema(scheduleSummarySchema) },
    handle: async ({ query, squadra }) => {
      const { items, nextCursor } = await squadra.schedules.list(query);
      return { items: items.map(scheduleSummary), nextCursor };
    },
  });
  route(app, {
    method: 'GET',
    url: '/schedules/:id',
    operationId: 'getSchedule',
    summary: 'A schedule with its next ticks, and what became of those before',
    description: 'Its version, and so its ETag, moves when somebody changes it, not with its ticks.',
    tag,
    scope: 'read',
    params: idParams,
    answers: { 200: scheduleSchema },
    handle: async ({ params, reply, squadra }) => {
      const schedule = await squadra.schedules.get(params.id);
      return reply.header('etag', etagOf(schedule.version)).send(scheduleDocument(schedule));
    },
  });
}

function changing(app: FastifyInstance): void {
  route(app, {
    method: 'PATCH',
    url: '/schedules/:id',
    operationId: 'updateSchedule',
    summary: 'Pause a schedule, or resume it',
    description:
      'While it is paused nothing of it begins; what is under way goes on. Ticks of a pause are not made up for. One that is so already stays as it is.',
    tag,
    scope: 'write',
    params: idParams,
    headers: ifMatchHeaders,
    body: scheduleChangeBody,
    answers: { 200: scheduleSchema },
    problems: [412, 428],
    handle: async ({ params: { id }, body: { status }, request, reply, squadra: { schedules } }) => {
      const check = ({ version }: { readonly version: number }): void =>
        checkCondition(requireIfMatch(request), version, 'schedule');
      const schedule = await (status === 'paused' ? schedules.pause(id, check) : schedules.resume(id, check));
      reply.header('etag', etagOf(schedule.version));
      return scheduleDocument(schedule);
    },
  });
  route(app, {
    method: 'DELETE',
    url: '/schedules/:id',
    operationId: 'deleteSchedule',
    summary: 'Delete a schedule',
    description:
      'Executions of it that wait for their turn are cancelled; the one under way goes on, and all stay to be read.',
    tag,
    scope: 'write',
    params: idParams,
    headers: optionalIfMatchHeaders,
    answers: { 204: null },
    problems: [412],
    handle: async ({ params: { id }, squadra, request, reply }) => {
      await squadra.schedules.remove(id, ({ version }) => checkCondition(readIfMatch(request), version, 'schedule'));
      return reply.code(204).send();
    },
  });
}

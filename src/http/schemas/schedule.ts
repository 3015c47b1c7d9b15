import { z } from 'zod';
import { missedRules, overlapRules, scheduleStatuses } from '../../work/schedule.ts';
import { idSchema, pageQuery, timeSchema } from './id.ts';
import { jsonSchema } from './json.ts';

const name = z.string().min(1).max(200);
const statusSchema = z.enum(scheduleStatuses);
const overlapSchema = z.enum(overlapRules);
const missedSchema = z.enum(missedRules);
const count = z.int().min(0);

/** What fits together is checked where schedules are kept. */
export const newScheduleBody = z
  .strictObject({
    name: name.exactOptional().meta({ description: 'Unique in the tenant.' }),
    cron: z.string().min(1).max(200).exactOptional().meta({
      description:
        'Five fields (minute, hour, day, month, day of the week), six with seconds before them, or `@daily` and its like; or `every`.',
      example: '0 9 * * mon-fri',
    }),
    every: z
      .union([z.number().gt(0), z.string().min(1)])
      .exactOptional()
      .meta({ description: 'Milliseconds, or a duration such as `30m`; at least a second.' }),
    timezone: z
      .string()
      .min(1)
      .max(100)
      .exactOptional()
      .meta({ description: 'An IANA name, of `cron`; `UTC` where nothing is said.', example: 'Europe/Berlin' }),
    squad: name.exactOptional().meta({ description: 'Name or id. The built-in workflows have `software` by default.' }),
    workflow: name.exactOptional().meta({ description: '`pipeline` where nothing is said.' }),
    message: z.string().min(1).exactOptional().meta({ description: 'Short for the input `{ message }`.' }),
    input: z.unknown().optional().meta({ description: 'What the workflow takes; instead of `message`.' }),
    priority: z.int().min(-100).max(100).exactOptional().meta({ description: 'Of its executions.' }),
    overlap: overlapSchema.exactOptional().meta({
      description:
        'A tick that finds work of an earlier one open does nothing (`skip`, the default), or its work waits for that to end (`queue`).',
    }),
    missed: missedSchema.exactOptional().meta({
      description:
        'Of ticks that passed while nothing ran: none, the last of them (`once`, the default), or all of them are made up for.',
    }),
  })
  .meta({ id: 'NewSchedule' });

export const scheduleChangeBody = z
  .strictObject({ status: statusSchema.meta({ description: '`paused` until it is `active` again.' }) })
  .meta({ id: 'ScheduleChange' });

const summaryFields = {
  id: idSchema,
  name: z.string().nullable(),
  status: statusSchema,
  cron: z.string().nullable(),
  timezone: z.string().nullable().meta({ description: 'Null where it has intervals.' }),
  everyMs: z.int().nullable(),
  squadId: idSchema.nullable(),
  workflow: z.string(),
  input: jsonSchema,
  priority: z.int(),
  overlap: overlapSchema,
  missed: missedSchema,
  nextAt: timeSchema.nullable().meta({ description: 'Its next tick; null while it is paused.' }),
  lastTick: timeSchema.nullable(),
  lastExecutionId: idSchema.nullable().meta({ description: 'The last execution that it made.' }),
  counts: z.object({ fired: count, skipped: count, missed: count }).meta({
    description:
      'What became of its ticks: an execution; nothing, because work of an earlier one was open; nothing, because nobody was there.',
  }),
  userId: z.string().nullable(),
  version: z.int().meta({ description: 'Moves when somebody changes it, not with its ticks.' }),
  createdAt: timeSchema,
  updatedAt: timeSchema,
};

export const scheduleSummarySchema = z.object(summaryFields).meta({ id: 'ScheduleSummary' });

export const scheduleSchema = z
  .object({ ...summaryFields, upcoming: z.array(timeSchema).meta({ description: 'Its next ticks, five at most.' }) })
  .meta({ id: 'Schedule' });

export const scheduleListQuery = z.strictObject({
  status: statusSchema.exactOptional(),
  squad: name.exactOptional().meta({ description: 'Name or id.' }),
  ...pageQuery,
});

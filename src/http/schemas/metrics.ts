import { z } from 'zod';
import { convoyStatuses } from '../../work/convoy.ts';
import { idSchema, timeSchema } from './id.ts';

const count = z.int().min(0);
const ms = z.number().min(0);
const share = z.number().min(0).max(1).nullable();

/** How far back, in whole minutes; this one counts. */
export function timeRangeSchema(mostMinutes: number, minutes: number) {
  return z.coerce
    .number()
    .pipe(z.int().min(1).max(mostMinutes))
    .default(Math.min(minutes, mostMinutes))
    .describe('How far back, in minutes, this one included; as far as minutes are kept');
}

const percentiles = z.object({ p50: ms, p95: ms, p99: ms }).meta({ id: 'Percentiles' });
const percentilesOrNull = z
  .object({ p50: ms.nullable(), p95: ms.nullable(), p99: ms.nullable() })
  .meta({ id: 'PercentilesOrNull', description: 'Within 2.5 % of the exact ones; null of nothing.' });

const ends = { completed: count, failed: count, cancelled: count };

const minuteSchema = z
  .object({
    at: timeSchema,
    submitted: count,
    ...ends,
    durationMs: percentiles.nullable(),
    modelCalls: count,
    steps: count,
    costMicroUsd: count,
    inputTokens: count,
    outputTokens: count,
  })
  .meta({ id: 'StatsMinute' });

export const statsSchema = z
  .object({
    from: timeSchema,
    to: timeSchema,
    retained: z.boolean().meta({ description: 'False where no metrics are kept: then all but `open` is empty.' }),
    isComplete: z.boolean().meta({
      description: 'False for moments after a crash: some of what happened before it is still being counted.',
    }),
    totals: z.object({ submitted: count, ...ends }).meta({
      description: 'Ends count each: an execution that failed, was retried and completed is in both.',
    }),
    open: z
      .object({ created: count, queued: count, running: count, waiting: count, failed: count })
      .meta({ description: 'Now: what is not at its end for good. Those that failed can be tried again.' }),
    successRate: share.meta({ description: 'Completed ones among those that completed or failed; null of nothing.' }),
    durationMs: percentilesOrNull.meta({ description: 'From acceptance until completed or failed.' }),
    throughputPerMinute: z.number().min(0),
    modelCalls: z.object({
      total: count,
      failed: count,
      unpriced: count,
      latencyMs: percentilesOrNull,
      inputTokens: count,
      outputTokens: count,
      cachedTokens: count,
      costMicroUsd: count,
    }),
    steps: z.object({ total: count, failed: count }).meta({ description: 'Attempts that ended.' }),
    convoys: z.object({ created: count, completed: count, partial: count, failed: count, cancelled: count }),
    bucketMinutes: z.int().min(1).meta({ description: 'How many minutes each of `minutes` stands for.' }),
    minutes: z.array(minuteSchema).meta({ description: 'Oldest first, none left out; 1440 at most.' }),
  })
  .meta({ id: 'Stats' });

export const convoyMetricsQuery = z.strictObject({
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).default(10),
  status: z.enum(convoyStatuses).exactOptional(),
});

export const convoyMetricsSchema = z.object({
  items: z.array(
    z
      .object({
        id: idSchema,
        squadId: idSchema,
        status: z.enum(convoyStatuses),
        items: count,
        ...ends,
        durationMs: ms.meta({ description: 'Until its end; until now while it runs.' }),
        parallelism: z
          .object({ average: z.number().min(0), highest: count })
          .meta({ description: 'Items under way side by side.' }),
        waitMs: percentiles.nullable().meta({ description: 'From when an item could start until it was.' }),
        durationOfItemsMs: percentiles.nullable(),
        costMicroUsd: count,
        createdAt: timeSchema,
        endedAt: timeSchema.nullable(),
      })
      .meta({ id: 'ConvoyMetrics' }),
  ),
});

const level = z.object({ average: z.number(), highest: z.number() }).meta({ id: 'Level' });

const readingSchema = z.object({
  cpu: z.number().describe('In use, in percent of what the container or the machine has'),
  memory: z.number().describe('In use, and not to be had back at once, in percent'),
  loopDelayMs: z.number().describe('How late the event loop was, 99th percentile'),
});

const sampleSchema = readingSchema.extend({ at: timeSchema });

export const resourcesSchema = z
  .object({
    retained: z.boolean().describe('Whether minutes are kept; where not, only the last ten are known'),
    current: sampleSchema.nullable().describe('The newest sample; null in the first ten seconds'),
    average: readingSchema.nullable(),
    samples: z.array(sampleSchema).describe('Of the last ten minutes at most, oldest first'),
    minutes: z
      .array(
        z
          .object({ at: timeSchema, samples: count, cpu: level, memory: level, loopDelayMs: level })
          .meta({ id: 'ResourceMinute' }),
      )
      .describe('Those that are kept, oldest first; minutes in which nothing ran are left out'),
    parallelism: z.int().describe('Items of a convoy that may run side by side now, where it says `auto`'),
    throttle: z.number().describe('How much starts are held back: 0 not at all, 1 for five seconds each'),
  })
  .meta({ id: 'Resources' });

export const systemSchema = z
  .object({
    averages: readingSchema.nullable().meta({ description: 'Of ten minutes; null in the first ten seconds.' }),
    parallelism: z.object({
      optimal: count.meta({ description: 'Items of a convoy that may run side by side now, where it says `auto`.' }),
      baseline: count,
      max: count,
      load: z.number().nullable(),
      throttle: z.number(),
      reason: z.enum(['not_measured', 'idle', 'idle_auto', 'provider', 'busy', 'full']),
    }),
    gate: z.object({
      queued: count,
      capacity: count,
      threshold: count.meta({ description: 'Queued executions at which it closes.' }),
      open: z.boolean(),
    }),
    executions: z.object({ running: count, ready: count, queued: count, sleeping: count }),
    pool: z.object({ size: count, capacity: count, hitRate: share }),
    cache: z.array(z.object({ name: z.string(), entries: count, hits: count, misses: count, hitRate: share })),
    modelCalls: z.object({ inFlight: count, capacity: count, waiting: count }),
    limiters: z.array(
      z
        .object({
          provider: z.string(),
          model: z.string(),
          inFlight: count,
          limit: z.number(),
          waiting: count,
          heldMs: ms,
          requestsLeft: z.number().nullable(),
          tokensLeft: z.number().nullable(),
        })
        .meta({ id: 'Limiter' }),
    ),
    convoys: z.object({ running: count, itemsRunning: count }),
    schedules: z.object({ active: count }),
    store: z.object({
      pendingWrites: count,
      writes: count,
      commits: z.object({ total: count, p50Ms: ms, p99Ms: ms }),
      readers: z.object({ size: count, busy: count, waiting: count }),
    }),
    process: z.object({ uptimeSeconds: z.number(), rssBytes: count, heapBytes: count }),
  })
  .meta({ id: 'System' });

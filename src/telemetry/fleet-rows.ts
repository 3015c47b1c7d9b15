import type { LabelledValue, MetricRow } from './metric-table.ts';

/** How the work of a fleet comes to its workers, and how its processes hear of each other, as one of them knows it. */
export interface FleetReading {
  readonly queue: { readonly ready: number; readonly running: number };
  readonly dispatcher: {
    readonly handed: number;
    readonly failed: number;
    readonly inFlight: number;
    readonly isDown: boolean;
  };
  readonly bus: {
    readonly listenedTo: number;
    readonly published: number;
    readonly written: number;
    readonly read: number;
    readonly lost: number;
    readonly isUp: boolean;
  };
  /** Null where there is none. */
  readonly secondTier: {
    readonly hits: number;
    readonly misses: number;
    readonly unavailable: number;
    readonly isUp: boolean;
  } | null;
  readonly sharedBuckets: { readonly taken: number; readonly refused: number; readonly unavailable: number } | null;
}

/** A process that is no part of a fleet has none of it. */
interface Reading {
  readonly fleet: FleetReading | null;
}

type Read = (fleet: FleetReading) => number | readonly LabelledValue[];

function row(type: 'gauge' | 'counter', name: string, help: string, read: Read): MetricRow<Reading> {
  return { name, help, type, read: ({ fleet }) => (fleet === null ? [] : read(fleet)) };
}

/** Metrics of a process that is part of a fleet. */
export const fleetRows: readonly MetricRow<Reading>[] = [
  row(
    'gauge',
    'squadra_fleet_executions',
    'Executions of the whole fleet, as last counted: waiting (for the engine to be told), running.',
    ({ queue: { ready, running } }) => [
      { labels: { state: 'waiting' }, value: ready },
      { labels: { state: 'running' }, value: running },
    ],
  ),
  row(
    'counter',
    'squadra_handovers_total',
    'Executions that this process handed to the engine: taken, or failed (they are handed over again).',
    ({ dispatcher: { handed, failed } }) => [
      { labels: { result: 'taken' }, value: handed },
      { labels: { result: 'failed' }, value: failed },
    ],
  ),
  row('gauge', 'squadra_handovers', 'Executions on their way to the engine.', ({ dispatcher }) => dispatcher.inFlight),
  row(
    'gauge',
    'squadra_engine_reachable',
    'Whether the last handover found the engine, and the database before it: 1 or 0.',
    ({ dispatcher }) => (dispatcher.isDown ? 0 : 1),
  ),
  row(
    'counter',
    'squadra_bus_events_total',
    'Events between processes: published here, messages written for the others, messages of others read, events lost (whoever listens looks into the store).',
    ({ bus: { published, written, read, lost } }) => [
      { labels: { what: 'published' }, value: published },
      { labels: { what: 'written' }, value: written },
      { labels: { what: 'read' }, value: read },
      { labels: { what: 'lost' }, value: lost },
    ],
  ),
  row(
    'gauge',
    'squadra_bus_reachable',
    'Whether the way to the other processes is there, NATS or the database: 1 or 0. Without it live events come late.',
    ({ bus }) => (bus.isUp ? 1 : 0),
  ),
  row(
    'gauge',
    'squadra_bus_listeners',
    'Executions and tenants that somebody listens to here.',
    ({ bus }) => bus.listenedTo,
  ),
  row(
    'gauge',
    'squadra_redis_reachable',
    'Whether Redis is there, where there is to be one: 1 or 0. Without it each process reads for itself, and keeps limits by itself.',
    ({ secondTier }) => (secondTier === null ? [] : secondTier.isUp ? 1 : 0),
  ),
  row(
    'counter',
    'squadra_cache_second_tier_total',
    'What this process did not have in memory: found in Redis (hit), not there (miss), or Redis was away (unavailable).',
    ({ secondTier }) =>
      secondTier === null
        ? []
        : [
            { labels: { result: 'hit' }, value: secondTier.hits },
            { labels: { result: 'miss' }, value: secondTier.misses },
            { labels: { result: 'unavailable' }, value: secondTier.unavailable },
          ],
  ),
  row(
    'counter',
    'squadra_shared_limits_total',
    'Draws of this process from limits that a fleet shares over Redis: taken, refused (it waits, or is told 429), or Redis was away (unavailable).',
    ({ sharedBuckets }) =>
      sharedBuckets === null
        ? []
        : [
            { labels: { result: 'taken' }, value: sharedBuckets.taken },
            { labels: { result: 'refused' }, value: sharedBuckets.refused },
            { labels: { result: 'unavailable' }, value: sharedBuckets.unavailable },
          ],
  ),
];

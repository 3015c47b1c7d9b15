import type { DurationDistribution } from './histogram.ts';
import { fleetRows } from './fleet-rows.ts';
import type { FleetReading } from './fleet-rows.ts';
import type { LoopDelayReading } from './loop-delay.ts';
import type { LabelledValue, MetricRow } from './metric-table.ts';
import { workRows } from './work-rows.ts';
import type { WorkReading } from './work-rows.ts';
import type { TracingStatistics } from './tracing.ts';

/** How busy this process is, as its parts tell. */
export interface ProcessReading extends WorkReading {
  readonly engine: {
    readonly running: number;
    readonly ready: number;
    readonly queued: number;
    readonly sleeping: number;
    readonly taken: number;
  };
  readonly gate: { readonly isOpen: boolean; readonly closesAt: number };
  readonly starts: {
    readonly started: number;
    readonly sample: { readonly cpu: number; readonly memory: number; readonly loopDelayMs: number } | null;
    readonly advice: { readonly places: number; readonly load: number | null; readonly throttle: number };
  };
  readonly calls: {
    readonly places: number;
    readonly taken: number;
    readonly waiting: number;
    readonly waitingForMember: number;
    readonly admitted: number;
    readonly refused: number;
    readonly providers: readonly {
      readonly provider: string;
      readonly model: string;
      readonly limit: number;
      readonly inFlight: number;
      readonly waiting: number;
      readonly heldMs: number;
      readonly requestsLeft: number | null;
      readonly tokensLeft: number | null;
    }[];
  };
  readonly convoys: {
    readonly convoys: number;
    readonly running: number;
    readonly waiting: { readonly ready: number; readonly blocked: number };
    readonly starts: DurationDistribution;
  };
  readonly budgets: { readonly exceeded: number; readonly unpriced: number; readonly waiting: number };
  readonly schedules: {
    readonly active: number;
    readonly fired: number;
    readonly skipped: number;
    readonly missed: number;
  };
  readonly agents: {
    readonly size: number;
    readonly entries: number;
    readonly hits: number;
    readonly misses: number;
    readonly evictions: number;
  };
  readonly cache: Readonly<
    Record<
      string,
      { readonly hits: number; readonly misses: number; readonly entries: number; readonly invalidations: number }
    >
  >;
  readonly writer: {
    readonly pending: number;
    readonly operations: number;
    readonly groups: number;
    readonly commits: DurationDistribution;
  };
  readonly readers: { readonly size: number; readonly busy: number; readonly waiting: number };
  readonly traces: TracingStatistics;
  readonly loop: LoopDelayReading;
  readonly openStreams: number;
  readonly fleet: FleetReading | null;
}

type Row = MetricRow<ProcessReading>;

/** Users name models: their number must not make the answer long. */
const maxModels = 50;

/** Values by one label. */
function by(label: string, values: Readonly<Record<string, number>>): readonly LabelledValue[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function gauge(name: string, help: string, read: (reading: ProcessReading) => number | readonly LabelledValue[]): Row {
  return { name, help, type: 'gauge', read };
}

function counter(
  name: string,
  help: string,
  read: (reading: ProcessReading) => number | readonly LabelledValue[],
): Row {
  return { name, help, type: 'counter', read };
}

/** By kind of what is cached, one figure of each. */
function byKind(cache: ProcessReading['cache'], figure: 'hits' | 'misses' | 'entries' | 'invalidations') {
  return by('kind', Object.fromEntries(Object.entries(cache).map(([kind, of]) => [kind, of[figure]])));
}

/** Every metric of Squadra's own that is read when it is asked for. */
export const squadraRows: readonly Row[] = [
  gauge(
    'squadra_executions',
    'Executions in this process: running, queued (not begun yet), ready (queued or woken, no place free), sleeping (until a time).',
    ({ engine: { running, queued, ready, sleeping } }) => by('state', { running, queued, ready, sleeping }),
  ),
  counter('squadra_executions_taken_total', 'Executions taken out of the queue.', ({ engine }) => engine.taken),
  gauge('squadra_gate_open', 'Whether submissions are taken: 1, or 0 while the queue is too long.', ({ gate }) =>
    gate.isOpen ? 1 : 0,
  ),
  gauge(
    'squadra_gate_threshold_executions',
    'Queued executions at which the gate closes.',
    ({ gate }) => gate.closesAt,
  ),
  gauge(
    'squadra_resource_use_ratio',
    'CPU and memory in use, as a share of what the container or the machine has, and the load that is made of them.',
    ({ starts: { sample, advice } }) =>
      by('resource', {
        cpu: (sample?.cpu ?? 0) / 100,
        memory: (sample?.memory ?? 0) / 100,
        load: (advice.load ?? 0) / 100,
      }),
  ),
  gauge(
    'squadra_parallelism',
    'Items of a convoy that may run side by side now, where it says `auto`.',
    ({ starts }) => starts.advice.places,
  ),
  gauge(
    'squadra_start_throttle_ratio',
    'How much starts of items are held back: 0 not at all, 1 for five seconds each.',
    ({ starts }) => starts.advice.throttle,
  ),
  gauge('squadra_convoys', 'Convoys that run in this process.', ({ convoys }) => convoys.convoys),
  gauge(
    'squadra_convoy_items',
    'Items of the convoys that run: running, ready (no place free, or held back), blocked (by items that are not completed).',
    ({ convoys: { running, waiting } }) => by('state', { running, ...waiting }),
  ),
  {
    name: 'squadra_item_start_delay_seconds',
    help: 'From when an item could start until its start was stored.',
    type: 'histogram',
    read: ({ convoys }) => convoys.starts,
  },
  counter('squadra_item_starts_total', 'Items of convoys that were started.', ({ starts }) => starts.started),
  gauge('squadra_schedules', 'Schedules that tick in this process.', ({ schedules }) => schedules.active),
  counter(
    'squadra_schedule_ticks_total',
    'Ticks of schedules: fired (an execution was made), skipped (work of an earlier one was open), missed (nobody was there).',
    ({ schedules: { fired, skipped, missed } }) => by('outcome', { fired, skipped, missed }),
  ),
  gauge(
    'squadra_model_calls',
    'Model calls: in flight, waiting, and of those, waiting for tokens of their members.',
    ({ calls: { taken, waiting, waitingForMember } }) =>
      by('state', { in_flight: taken, waiting, waiting_for_member: waitingForMember }),
  ),
  counter(
    'squadra_budget_refusals_total',
    'Model calls that were not sent: over a budget, or without a price where money is limited.',
    ({ budgets: { exceeded, unpriced } }) => by('reason', { exceeded, unpriced }),
  ),
  gauge(
    'squadra_budget_waiting_calls',
    'Model calls that wait for room in a budget that calls in flight keep full.',
    ({ budgets }) => budgets.waiting,
  ),
  counter(
    'squadra_model_calls_total',
    'Model calls that left, and those that providers turned away (429).',
    ({ calls }) => by('result', { admitted: calls.admitted, refused: calls.refused }),
  ),
  gauge('squadra_provider_limit_calls', 'Calls of a model that may be in flight, as far as is known.', ({ calls }) =>
    calls.providers
      .slice(0, maxModels)
      .map(({ provider, model, limit }) => ({ labels: { provider, model }, value: limit })),
  ),
  gauge('squadra_provider_calls', 'Calls of a model: in flight, and waiting for their turn.', ({ calls }) =>
    calls.providers.slice(0, maxModels).flatMap(({ provider, model, inFlight, waiting }) => [
      { labels: { provider, model, state: 'in_flight' }, value: inFlight },
      { labels: { provider, model, state: 'waiting' }, value: waiting },
    ]),
  ),
  gauge('squadra_provider_requests_left', 'Requests that a model takes at once, where that is limited.', ({ calls }) =>
    calls.providers
      .slice(0, maxModels)
      .flatMap(({ provider, model, requestsLeft: left }) =>
        left === null ? [] : [{ labels: { provider, model }, value: left }],
      ),
  ),
  gauge('squadra_provider_tokens_left', 'Tokens that a model takes at once, where that is limited.', ({ calls }) =>
    calls.providers
      .slice(0, maxModels)
      .flatMap(({ provider, model, tokensLeft: left }) =>
        left === null ? [] : [{ labels: { provider, model }, value: left }],
      ),
  ),
  gauge(
    'squadra_provider_held_seconds',
    'How long the next call of a model is held back by what may be asked in a minute.',
    ({ calls }) =>
      calls.providers
        .slice(0, maxModels)
        .map(({ provider, model, heldMs }) => ({ labels: { provider, model }, value: heldMs / 1e3 })),
  ),
  gauge('squadra_model_call_places', 'Model calls that may be in flight.', ({ calls }) => calls.places),
  gauge('squadra_agent_pool_entries', 'Agents in the pool.', ({ agents }) => agents.entries),
  gauge('squadra_agent_pool_size', 'Agents that the pool may hold.', ({ agents }) => agents.size),
  counter(
    'squadra_agent_pool_requests_total',
    'Agents asked for: found in the pool (hit) or built (miss).',
    ({ agents }) => by('result', { hit: agents.hits, miss: agents.misses }),
  ),
  counter('squadra_agent_pool_evictions_total', 'Agents that left a full pool.', ({ agents }) => agents.evictions),
  counter('squadra_cache_hits_total', 'Answered from what is kept at hand, by kind.', ({ cache }) =>
    byKind(cache, 'hits'),
  ),
  counter('squadra_cache_misses_total', 'Not at hand, by kind.', ({ cache }) => byKind(cache, 'misses')),
  counter('squadra_cache_invalidations_total', 'Taken away by changes, by kind.', ({ cache }) =>
    byKind(cache, 'invalidations'),
  ),
  gauge('squadra_cache_entries', 'Kept at hand, by kind.', ({ cache }) => byKind(cache, 'entries')),
  gauge('squadra_writes_pending', 'Writes accepted and not yet answered.', ({ writer }) => writer.pending),
  counter('squadra_writes_total', 'Writes accepted.', ({ writer }) => writer.operations),
  {
    name: 'squadra_commit_duration_seconds',
    help: 'How long commits took, each of a group of writes, their sync to the disk included.',
    type: 'histogram',
    read: ({ writer }) => writer.commits,
  },
  gauge('squadra_readers', 'Threads that read: how many there may be, and how many are busy.', ({ readers }) =>
    by('state', { places: readers.size, busy: readers.busy }),
  ),
  gauge('squadra_reads_waiting', 'Reads that wait for a thread.', ({ readers }) => readers.waiting),
  counter(
    'squadra_trace_spans_total',
    'Spans that have ended: taken by the collector, or dropped because it did not take them or there were too many.',
    ({ traces }) => by('result', { exported: traces.exported, dropped: traces.dropped }),
  ),
  gauge('squadra_trace_spans_waiting', 'Spans that wait to be sent.', ({ traces }) => traces.waiting),
  gauge('squadra_open_streams', 'Event streams that are open.', ({ openStreams }) => openStreams),
  gauge(
    'squadra_event_loop_delay_seconds',
    'How late the event loop came to its work since the last look.',
    ({ loop }) => by('quantile', { '0.5': loop.p50, '0.99': loop.p99, '1': loop.max }),
  ),
  ...workRows,
  ...fleetRows,
];

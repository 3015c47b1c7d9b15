import type { DurationDistribution } from './histogram.ts';
import type { LabelledValue, MetricRow } from './metric-table.ts';

/** What was done since the start, and how streams fared. */
export interface WorkReading {
  readonly worked: {
    readonly ended: Readonly<Record<'completed' | 'failed' | 'cancelled', number>>;
    readonly attempts: Readonly<Record<'completed' | 'failed', number>>;
    readonly usage: {
      readonly inputTokens: number;
      readonly outputTokens: number;
      readonly cachedTokens: number;
      readonly reasoningTokens: number;
      readonly costMicroUsd: number;
      readonly unpricedCalls: number;
    };
  };
  /** How long models took for their answers. */
  readonly answers: DurationDistribution;
  readonly streams: { readonly tooSlow: number; readonly refused: number };
}

/** Values by one label. */
function by(label: string, values: Readonly<Record<string, number>>): readonly LabelledValue[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

/** The metrics of work, and of the streams that tell of it. */
export const workRows: readonly MetricRow<WorkReading>[] = [
  {
    name: 'squadra_executions_ended_total',
    help: 'Executions that ended, by how they did.',
    type: 'counter',
    read: ({ worked }) => by('status', worked.ended),
  },
  {
    name: 'squadra_model_attempts_total',
    help: 'Attempts of model calls that ended, by how they did.',
    type: 'counter',
    read: ({ worked }) => by('result', worked.attempts),
  },
  {
    name: 'squadra_model_call_duration_seconds',
    help: 'How long models took for an answer, from the request to its end.',
    type: 'histogram',
    read: ({ answers }) => answers,
  },
  {
    name: 'squadra_tokens_total',
    help: 'Tokens of model calls: input (cached are those of it that the provider had at hand) and output (reasoning is a part of it).',
    type: 'counter',
    read: ({ worked: { usage } }) =>
      by('kind', {
        input: usage.inputTokens,
        cached: usage.cachedTokens,
        output: usage.outputTokens,
        reasoning: usage.reasoningTokens,
      }),
  },
  {
    name: 'squadra_cost_usd_total',
    help: 'What model calls cost, in US dollars; those without a known price are in `squadra_unpriced_calls_total`.',
    type: 'counter',
    read: ({ worked }) => worked.usage.costMicroUsd / 1e6,
  },
  {
    name: 'squadra_unpriced_calls_total',
    help: 'Calls of models without a known price: what they cost is unknown.',
    type: 'counter',
    read: ({ worked }) => worked.usage.unpricedCalls,
  },
  {
    name: 'squadra_streams_refused_total',
    help: 'Event streams that were refused: too many in all, or of one caller.',
    type: 'counter',
    read: ({ streams }) => streams.refused,
  },
  {
    name: 'squadra_streams_slow_total',
    help: 'Event streams that were ended because their clients did not read; they come again and miss nothing.',
    type: 'counter',
    read: ({ streams }) => streams.tooSlow,
  },
];

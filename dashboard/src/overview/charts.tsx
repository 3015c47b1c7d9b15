import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { StatsDocument } from '../../../src/client.ts';
import { count, duration, money, rate, share } from '../data/formats.ts';
import { Chart } from '../parts/chart.tsx';
import { coursesOf } from './courses.ts';

/** A cent: less does not look like much. */
const leastCost = 10_000;

/** How executions ended, how long they took, how many worked and what they cost, over the time range. */
export function Charts({ stats }: { readonly stats: StatsDocument }) {
  const courses = useMemo(() => coursesOf(stats), [stats]);
  const { times } = courses;
  const { totals, durationMs, modelCalls } = stats;
  const hours = (Date.parse(stats.to) - Date.parse(stats.from)) / 3_600_000;
  const series = useMemo(
    () => ({
      ends: [
        { name: 'completed', values: courses.completed, color: 'series-1', shape: 'area' as const },
        { name: 'failed', values: courses.failed, color: 'series-5' },
        { name: 'cancelled', values: courses.cancelled, color: 'quiet' },
      ],
      durations: [
        { name: 'p50', values: courses.p50, color: 'series-1' },
        { name: 'p95', values: courses.p95, color: 'series-3' },
        { name: 'p99', values: courses.p99, color: 'series-4' },
      ],
      success: [{ name: 'completed', values: courses.success, color: 'series-1' }],
      cost: [{ name: 'per hour', values: courses.costPerHour, color: 'series-2', shape: 'area' as const }],
    }),
    [courses],
  );
  return (
    <div className="panels overview-charts">
      <Figure
        title="Throughput"
        value={`${rate(stats.throughputPerMinute)} a minute`}
        note={`${count(totals.submitted)} submitted, ${count(totals.completed)} completed, ${count(totals.failed)} failed, ${count(totals.cancelled)} cancelled`}
      >
        <Chart label="Executions that ended, a minute" times={times} series={series.ends} format={rate} />
      </Figure>
      <Figure
        title="Duration"
        value={`${duration(durationMs.p50)} median`}
        note={`p95 ${duration(durationMs.p95)}, p99 ${duration(durationMs.p99)}, from acceptance to end`}
      >
        <Chart
          label="How long executions took from acceptance to end: p50, p95 and p99"
          times={times}
          series={series.durations}
          format={duration}
        />
      </Figure>
      <Figure
        title="Success"
        value={`${share(stats.successRate)} completed`}
        note={`of ${count(totals.completed + totals.failed)} that completed or failed; ${count(modelCalls.failed)} of ${count(modelCalls.total)} model calls failed`}
      >
        <Chart
          label="Share of executions that completed"
          times={times}
          series={series.success}
          format={share}
          most={1}
        />
      </Figure>
      <Figure
        title="Cost"
        value={`${money(Math.round(modelCalls.costMicroUsd / hours))} an hour`}
        note={`${money(modelCalls.costMicroUsd)} for ${count(modelCalls.total)} model calls, ${count(modelCalls.inputTokens + modelCalls.outputTokens)} tokens${modelCalls.unpriced === 0 ? '' : `; ${count(modelCalls.unpriced)} without a price`}`}
      >
        <Chart
          label="Cost of an hour at the rate of the time"
          times={times}
          series={series.cost}
          format={money}
          most={leastCost}
        />
      </Figure>
    </div>
  );
}

/** A chart with what it says in one figure and in one sentence. */
export function Figure(props: {
  readonly title: string;
  readonly value: string;
  readonly note: string;
  readonly children: ReactNode;
}) {
  return (
    <section className="panel figure">
      <h2>{props.title}</h2>
      <p className="figure-value">{props.value}</p>
      <p className="muted">{props.note}</p>
      {props.children}
    </section>
  );
}

import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { CostDocument } from '../../../src/client.ts';
import { count, money, shortCount } from '../data/formats.ts';
import { squadra } from '../data/squadra.ts';
import { Chart } from '../parts/chart.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Loading } from '../parts/loading.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import type { Grouping } from './cost-groupings.ts';
import { daysSince } from './cost-range.ts';
import { CostTable } from './cost-table.tsx';

const pageSize = 50;

/** What was spent from a day on: the sums, and their parts as a table; days as a chart, too. */
export function CostReport({ by, from, now }: { readonly by: Grouping; readonly from: string; readonly now: number }) {
  const pages = useInfiniteQuery({
    queryKey: ['costs', by, from],
    queryFn: ({ pageParam }) =>
      squadra.costs({ groupBy: by, from, limit: pageSize, ...(pageParam === '' ? {} : { cursor: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: (before) => before,
  });
  const report = pages.data?.pages[0];
  if (pages.data === undefined || report === undefined)
    return pages.error === null ? (
      <Loading what="costs" lines={8} />
    ) : (
      <ProblemNotice error={pages.error} onRetry={() => void pages.refetch()} />
    );
  const items = pages.data.pages.flatMap((page) => page.items);
  if (report.total.modelCalls === 0)
    return (
      <EmptyState title="Nothing was spent in this time">
        As soon as members call models, what that costs appears here, by day, squad, model, member and execution.
      </EmptyState>
    );
  return (
    <>
      <Totals total={report.total} />
      <section className="panel" aria-labelledby="parts">
        <h2 id="parts">{titles[report.groupBy]}</h2>
        <p className="muted">Executions count on the day on which they were submitted, in UTC.</p>
        {report.groupBy === 'day' && <Days items={items} from={from} now={now} />}
        <CostTable by={report.groupBy} items={items} total={report.total} />
        {pages.hasNextPage && (
          <button
            type="button"
            className="button"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            Show more
          </button>
        )}
      </section>
    </>
  );
}

const titles = {
  day: 'By day (UTC)',
  squad: 'By squad',
  model: 'By model',
  member: 'By member',
  execution: 'By execution, the dearest first',
} as const;

function Totals({ total }: { readonly total: CostDocument['total'] }) {
  const { costMicroUsd, modelCalls, inputTokens, cachedTokens, outputTokens, executions, unpricedCalls } = total;
  return (
    <>
      <dl className="figures">
        <Figure name="Spent" value={money(costMicroUsd)} />
        <Figure name="Model calls" value={count(modelCalls)} />
        <Figure name="Tokens in" value={shortCount(inputTokens)} more={`${shortCount(cachedTokens)} from caches`} />
        <Figure name="Tokens out" value={shortCount(outputTokens)} />
        <Figure name="Executions" value={count(executions)} />
      </dl>
      {unpricedCalls > 0 && (
        <p className="banner">
          {unpricedCalls === 1 ? 'One call was' : `${count(unpricedCalls)} calls were`} to a model without a known
          price, and what {unpricedCalls === 1 ? 'it' : 'they'} cost is in no sum here. Give the model a price in{' '}
          <code>squadra.yaml</code>, and later calls are counted.
        </p>
      )}
    </>
  );
}

function Figure(props: { readonly name: string; readonly value: string; readonly more?: string }) {
  return (
    <div className="panel figure">
      <dt>{props.name}</dt>
      <dd>
        {props.value}
        {props.more !== undefined && <span className="muted">{props.more}</span>}
      </dd>
    </div>
  );
}

function Days(props: { readonly items: CostDocument['items']; readonly from: string; readonly now: number }) {
  const { items, from, now } = props;
  const { times, series, label } = useMemo(() => {
    const costs = new Map(items.map(({ key, costMicroUsd }) => [key, costMicroUsd]));
    const days = daysSince(from, now);
    const values = days.map((day) => costs.get(day) ?? 0);
    return {
      times: days.map((day) => Date.parse(day)),
      series: [{ name: 'Spent', values, color: 'series-1', shape: 'bars' as const }],
      label: `Spent by day: ${money(Math.max(...values))} on the dearest of ${count(days.length)} days`,
    };
  }, [items, from, now]);
  return times.length < 2 ? null : <Chart label={label} times={times} series={series} format={money} isUtc />;
}

import { useMemo } from 'react';
import type { ConvoyDocument } from '../../../src/client.ts';
import { count } from '../data/formats.ts';
import { Chart } from '../parts/chart.tsx';
import { courseOf } from './parallelism-course.ts';

/** How many items run at once and why, and how many did over time. */
export function ParallelismPanel(props: {
  readonly convoy: ConvoyDocument;
  /** When it was read, in epoch milliseconds: what runs still, runs until then. */
  readonly readAt: number;
}) {
  const { items, parallelism } = props.convoy;
  const course = useMemo(() => courseOf(items, props.readAt), [items, props.readAt]);
  const series = useMemo(
    () => [{ name: 'Items at once', values: course.running, color: 'series-1', shape: 'steps' as const }],
    [course],
  );
  return (
    <section className="panel" aria-labelledby="parallelism">
      <h2 id="parallelism">How many at once</h2>
      {parallelism !== null && (
        <p>
          <b>
            {count(parallelism.running)} of {count(parallelism.places)}
          </b>{' '}
          places are taken. <span className="muted">{parallelism.why}.</span>
        </p>
      )}
      {course.times.length < 2 ? (
        <p className="muted">No item has run yet. As soon as some do, how many ran at once is drawn here.</p>
      ) : (
        <>
          <Chart
            label={`Items that ran at once over time: ${count(course.highest)} at most`}
            times={course.times}
            series={series}
            format={count}
          />
          <p className="muted">
            At most {count(course.highest)} at once. An item that was retried counts from its first start to its last
            end.
          </p>
        </>
      )}
    </section>
  );
}

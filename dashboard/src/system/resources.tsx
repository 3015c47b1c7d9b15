import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { ResourcesDocument } from '../../../src/client/metrics.ts';
import { count, duration } from '../data/formats.ts';
import { squadra } from '../data/squadra.ts';
import { Chart } from '../parts/chart.tsx';
import { Reading } from '../parts/reading.tsx';

/** Minutes back, and the words for it. */
const spans = [
  [10, '10 minutes'],
  [60, 'an hour'],
  [1_440, 'a day'],
] as const;

/** How busy the machine is and was. */
export function Resources() {
  const [minutes, setMinutes] = useState(10);
  const resources = useQuery({
    queryKey: ['system', 'resources', minutes],
    queryFn: () => squadra.metrics.resources(minutes),
    placeholderData: (before) => before,
  });
  return (
    <section className="panel" aria-labelledby="resources">
      <div className="panel-head">
        <h2 id="resources">Resources</h2>
        <select aria-label="How far back" value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
          {spans.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </div>
      <Reading of={resources} what="resources" lines={4}>
        {(found) => <Curves resources={found} isRecent={minutes <= 10} />}
      </Reading>
    </section>
  );
}

function Curves({ resources, isRecent }: { readonly resources: ResourcesDocument; readonly isRecent: boolean }) {
  const { current } = resources;
  const { times, shares, delays } = useMemo(() => curvesOf(resources, isRecent), [resources, isRecent]);
  if (current === null && times.length === 0)
    return <p className="muted">The first sample comes ten seconds after the server has started.</p>;
  return (
    <>
      {current !== null && (
        <p>
          Now <b>{percent(current.cpu)}</b> of the processor and <b>{percent(current.memory)}</b> of the memory are in
          use. The event loop is <b>{duration(current.loopDelayMs)}</b> late.{' '}
          <span className="muted">{count(resources.parallelism)} items of a convoy may run side by side for it.</span>
        </p>
      )}
      {times.length < 2 ? (
        <p className="muted">Not enough was measured in this time to draw it.</p>
      ) : (
        <div className="curves">
          <Chart
            label="Processor and memory in use over time, in percent"
            times={times}
            series={shares}
            format={percent}
            most={100}
          />
          <Chart label="How late the event loop was, over time" times={times} series={delays} format={duration} />
        </div>
      )}
      {!resources.retained && !isRecent && (
        <p className="muted">Metrics are off on this server, so only the last ten minutes are known.</p>
      )}
    </>
  );
}

/** The last minutes by sample; longer times by minute, as they are kept. */
function curvesOf({ samples, minutes, retained }: ResourcesDocument, isRecent: boolean) {
  const rows =
    isRecent || !retained
      ? samples
      : minutes.map(({ at, cpu, memory, loopDelayMs }) => ({
          at,
          cpu: cpu.average,
          memory: memory.average,
          loopDelayMs: loopDelayMs.highest,
        }));
  return {
    times: rows.map(({ at }) => Date.parse(at)),
    shares: [
      { name: 'Processor', values: rows.map(({ cpu }) => cpu), color: 'series-2', shape: 'area' as const },
      { name: 'Memory', values: rows.map(({ memory }) => memory), color: 'series-3' },
    ],
    delays: [{ name: 'Event loop late by', values: rows.map(({ loopDelayMs }) => loopDelayMs), color: 'series-4' }],
  };
}

function percent(value: number): string {
  return `${Math.round(value)} %`;
}

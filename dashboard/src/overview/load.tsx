import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ResourcesDocument } from '../../../src/client.ts';
import { duration, share } from '../data/formats.ts';
import { squadra } from '../data/squadra.ts';
import { Chart } from '../parts/chart.tsx';
import { Reading } from '../parts/reading.tsx';
import { Figure } from './charts.tsx';

const minutes = 10;
const percent = (value: number): string => share(value / 100);

/** How busy the machine is and was, and what follows from it for convoys. */
export function Load() {
  const resources = useQuery({
    queryKey: ['system', 'resources', minutes],
    queryFn: () => squadra.metrics.resources(minutes),
  });
  return (
    <Reading of={resources} what="the load" lines={6}>
      {(read) => <LoadFigure resources={read} />}
    </Reading>
  );
}

function LoadFigure({ resources }: { readonly resources: ResourcesDocument }) {
  const { current, samples, parallelism, throttle } = resources;
  const times = useMemo(() => samples.map(({ at }) => Date.parse(at)), [samples]);
  const series = useMemo(
    () => [
      { name: 'CPU', values: samples.map(({ cpu }) => cpu), color: 'series-2' },
      { name: 'memory', values: samples.map(({ memory }) => memory), color: 'series-4' },
    ],
    [samples],
  );
  const load =
    current === null
      ? 'The first figures come ten seconds after the start'
      : `CPU ${percent(current.cpu)}, memory ${percent(current.memory)}`;
  const held = throttle === 0 ? '' : `, starts held back by ${share(throttle)}`;
  const loop = current === null ? '' : `; event loop ${duration(current.loopDelayMs)} late`;
  return (
    <Figure title="Load" value={load} note={`Convoys run ${parallelism} items side by side${held}${loop}`}>
      <Chart
        label="CPU and memory of the last ten minutes, in percent"
        times={times}
        series={series}
        format={percent}
        most={100}
      />
    </Figure>
  );
}

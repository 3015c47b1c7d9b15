import { useQuery } from '@tanstack/react-query';
import type { SystemDocument } from '../../../src/client/metrics.ts';
import { count, duration, share } from '../data/formats.ts';
import { squadra } from '../data/squadra.ts';
import { Reading } from '../parts/reading.tsx';
import { bytes } from './bytes.ts';
import { LimiterTable } from './limiter-table.tsx';

/** The figures of the process, over all tenants. */
export function ServerFigures() {
  const system = useQuery({ queryKey: ['system', 'figures'], queryFn: () => squadra.metrics.system() });
  return (
    <Reading of={system} what="the figures of the server" lines={6}>
      {(found) => (
        <>
          <div className="server-figures">
            <Gate system={found} />
            <Parallelism system={found} />
            <Store system={found} />
            <Process system={found} />
          </div>
          <LimiterTable limiters={found.limiters} modelCalls={found.modelCalls} />
        </>
      )}
    </Reading>
  );
}

interface FiguresProps {
  readonly system: SystemDocument;
}

function Gate({ system: { gate, executions } }: FiguresProps) {
  return (
    <section className="panel" aria-labelledby="gate">
      <div className="panel-head">
        <h2 id="gate">Queue</h2>
        <span className="status" data-tone={gate.open ? 'good' : 'bad'}>
          {gate.open ? 'open' : 'closed'}
        </span>
      </div>
      <p className="muted">
        {gate.open
          ? `Requests are taken until ${count(gate.threshold)} executions are queued.`
          : 'Requests are refused until some of the queue is worked off.'}
      </p>
      <Pairs
        of={[
          ['Queued', `${count(gate.queued)} of ${count(gate.capacity)}`],
          ['Running', count(executions.running)],
          ['Ready to go on', count(executions.ready)],
          ['Asleep', count(executions.sleeping)],
        ]}
      />
    </section>
  );
}

const reasons: Readonly<Record<SystemDocument['parallelism']['reason'], string>> = {
  not_measured: 'The load has not been measured yet.',
  idle: 'The machine is idle.',
  idle_auto: 'The machine is idle, so more may wait for models.',
  provider: 'The machine is idle, and the providers bear no more.',
  busy: 'The machine is busy.',
  full: 'The machine is full.',
};

function Parallelism({ system: { parallelism, convoys } }: FiguresProps) {
  const { optimal, baseline, max, load, throttle, reason } = parallelism;
  return (
    <section className="panel" aria-labelledby="places">
      <h2 id="places">Items of convoys at once</h2>
      <p className="muted">
        {reasons[reason]} {load !== null && `Its load is ${Math.round(load)} %.`}{' '}
        {throttle > 0 && `Starts are held back (${share(throttle)}).`}
      </p>
      <Pairs
        of={[
          ['May run now', count(optimal)],
          ['Run now', count(convoys.itemsRunning)],
          ['Convoys under way', count(convoys.running)],
          ['On a full machine', count(baseline)],
          ['On an idle one', count(max)],
        ]}
      />
    </section>
  );
}

function Store({ system: { store } }: FiguresProps) {
  const { pendingWrites, writes, commits, readers } = store;
  return (
    <section className="panel" aria-labelledby="store">
      <h2 id="store">Store</h2>
      <p className="muted">Writes are stored in groups; each group is one commit.</p>
      <Pairs
        of={[
          ['Writes waiting', count(pendingWrites)],
          ['Written', count(writes)],
          ['Commits', count(commits.total)],
          ['Half of them within', duration(commits.p50Ms)],
          ['99 % within', duration(commits.p99Ms)],
          ['Readers busy', `${count(readers.busy)} of ${count(readers.size)}`],
        ]}
      />
    </section>
  );
}

function Process({ system: { process, averages, schedules } }: FiguresProps) {
  return (
    <section className="panel" aria-labelledby="process">
      <h2 id="process">Process</h2>
      <p className="muted">Averages are those of the last ten minutes.</p>
      <Pairs
        of={[
          ['Has run for', duration(process.uptimeSeconds * 1_000)],
          ['Memory', bytes(process.rssBytes)],
          ['Of it objects', bytes(process.heapBytes)],
          ['Event loop late by', averages === null ? '–' : duration(averages.loopDelayMs)],
          ['Active schedules', count(schedules.active)],
        ]}
      />
    </section>
  );
}

function Pairs({ of: pairs }: { readonly of: readonly (readonly [name: string, value: string])[] }) {
  return (
    <dl className="pairs">
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

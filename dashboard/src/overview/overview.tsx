import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import type { StatsDocument } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { OutcomeNotice, useOutcome } from '../parts/outcome.tsx';
import { Page } from '../parts/page.tsx';
import { Reading } from '../parts/reading.tsx';
import { Charts } from './charts.tsx';
import { FirstRun } from './first-run.tsx';
import { Load } from './load.tsx';
import { NeedsPerson } from './needs-person.tsx';
import './overview.css';
import { StatusTiles } from './status-tiles.tsx';

const ranges = [
  [60, 'Last hour'],
  [360, 'Last 6 hours'],
  [1_440, 'Last 24 hours'],
] as const;

/** What runs, what happened of late, and what needs a person. */
export function Overview() {
  const [asked, ask] = useSearchParams();
  const outcome = useOutcome();
  const [minutes] = ranges.find(([choice]) => String(choice) === asked.get('minutes')) ?? ranges[0];
  const stats = useQuery({
    queryKey: ['metrics', 'stats', minutes],
    queryFn: () => squadra.metrics.stats(minutes),
    placeholderData: (before) => before,
  });
  return (
    <Page
      title="Overview"
      actions={
        <label className="range">
          <span className="unseen">Time range</span>
          <select value={minutes} onChange={({ target }) => ask({ minutes: target.value }, { replace: true })}>
            {ranges.map(([choice, title]) => (
              <option key={choice} value={choice}>
                {title}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <OutcomeNotice of={outcome} />
      <Reading of={stats} what="figures" lines={12}>
        {(read) => <Figures stats={read} tell={outcome.tell} />}
      </Reading>
    </Page>
  );
}

function Figures({ stats, tell }: { readonly stats: StatsDocument; readonly tell: (outcome: string) => void }) {
  const { open, totals } = stats;
  const isQuiet = totals.submitted === 0 && Object.values(open).every((number) => number === 0);
  // Of what ran before the time range the figures say nothing.
  const any = useQuery({
    queryKey: ['executions', 'any'],
    queryFn: () => squadra.executions.list({ limit: 1 }),
    enabled: isQuiet,
  });
  if (isQuiet && any.data === undefined)
    return (
      <Reading of={any} what="executions" lines={12}>
        {() => null}
      </Reading>
    );
  if (isQuiet && any.data?.items.length === 0) return <FirstRun />;
  return (
    <>
      <StatusTiles open={open} />
      <div className="overview">
        <NeedsPerson failed={open.failed} tell={tell} />
        <div className="overview-figures">
          {stats.retained ? (
            <Charts stats={stats} />
          ) : (
            <p className="banner">
              No metrics are kept here (SQUADRA_METRICS=false): what happened before is not shown.
            </p>
          )}
          <Load />
        </div>
      </div>
    </>
  );
}

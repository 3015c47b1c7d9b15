import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import type { ConvoyQuery, ConvoySummary } from '../../../src/client.ts';
import { count, duration, moment } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Loading } from '../parts/loading.tsx';
import { tellingOutcome, useOutcome, OutcomeNotice } from '../parts/outcome.tsx';
import { Page } from '../parts/page.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useSquadName, useSquadNames } from '../squads/all-squads.ts';
import { NewConvoyDialog } from './new-convoy-dialog.tsx';
import { ProgressBar } from './progress-bar.tsx';
import './convoys.css';

const statuses = ['running', 'completed', 'partial', 'failed', 'cancelled'] as const;

/** All convoys, newest first, narrowed by what stands in the address; and a way to run one. */
export function Convoys() {
  const [isNew, setIsNew] = useState(false);
  const [, navigate] = useLocation();
  const outcome = useOutcome();
  const may = useMay('write');
  const run = (
    <button type="button" className="button" data-kind="main" onClick={() => setIsNew(true)}>
      Run a convoy
    </button>
  );
  return (
    <Page title="Convoys" actions={may ? run : undefined}>
      <OutcomeNotice of={outcome} />
      <Filters />
      <ConvoyTable action={may ? run : undefined} />
      {isNew && (
        <NewConvoyDialog
          onClose={() => setIsNew(false)}
          onAccepted={(id) =>
            navigate(`/convoys/${id}`, tellingOutcome('The convoy is accepted, and its items begin.'))
          }
        />
      )}
    </Page>
  );
}

function Filters() {
  const [asked, ask] = useSearchParams();
  const names = useSquadNames();
  const choose = (name: string, value: string) =>
    ask(
      (before) => {
        if (value === '') before.delete(name);
        else before.set(name, value);
        return before;
      },
      { replace: true },
    );
  const squad = asked.get('squad') ?? '';
  return (
    <search className="filters">
      <label>
        Status
        <select value={asked.get('status') ?? ''} onChange={(event) => choose('status', event.target.value)}>
          <option value="">All</option>
          {statuses.map((status) => (
            <option key={status}>{status}</option>
          ))}
        </select>
      </label>
      <label>
        Squad
        <select value={squad} onChange={(event) => choose('squad', event.target.value)}>
          <option value="">All</option>
          {[...new Set(squad === '' ? names : [squad, ...names])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </search>
  );
}

function ConvoyTable({ action }: { readonly action: React.ReactNode }) {
  const [asked, ask] = useSearchParams();
  const query = queryOf(asked);
  const pages = useInfiniteQuery({
    queryKey: ['convoys', 'list', query],
    queryFn: ({ pageParam }) => squadra.convoys.list({ ...query, ...(pageParam === '' ? {} : { cursor: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  if (pages.data === undefined)
    return pages.error === null ? (
      <Loading what="convoys" lines={6} />
    ) : (
      <ProblemNotice error={pages.error} onRetry={() => void pages.refetch()} />
    );
  const convoys = pages.data.pages.flatMap(({ items }) => items);
  if (convoys.length === 0)
    return asked.size > 0 ? (
      <EmptyState
        title="No convoy is like that"
        action={
          <button type="button" className="button" onClick={() => ask({})}>
            Show all
          </button>
        }
      >
        None has this status and squad.
      </EmptyState>
    ) : (
      <EmptyState title="No convoys yet" action={action}>
        A convoy is many tasks for one squad, handed over at once. They run side by side, each when those it depends on
        are done.
      </EmptyState>
    );
  return (
    <>
      <ul className="convoys">
        {convoys.map((convoy) => (
          <ConvoyRow key={convoy.id} convoy={convoy} />
        ))}
      </ul>
      {pages.hasNextPage && (
        <button
          type="button"
          className="button more"
          disabled={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          Show older ones
        </button>
      )}
    </>
  );
}

function ConvoyRow({ convoy }: { readonly convoy: ConvoySummary }) {
  const nameOf = useSquadName();
  const { id, status, reason, squadId, progress, createdAt, endedAt } = convoy;
  const tookMs = endedAt === null ? null : Date.parse(endedAt) - Date.parse(createdAt);
  return (
    <li className="panel convoy-row">
      <div className="convoy-head">
        <Link href={`/convoys/${id}`} dir="auto">
          {nameOf(squadId) ?? 'A squad that is gone'}, {count(progress.total)} {progress.total === 1 ? 'item' : 'items'}
        </Link>
        <span className="muted">
          {moment(createdAt)}
          {tookMs !== null && `, took ${duration(tookMs)}`}
        </span>
      </div>
      <StatusBadge status={status} />
      <ProgressBar progress={progress} />
      {reason !== null && (
        <p className="convoy-reason muted" dir="auto">
          {reason}
        </p>
      )}
    </li>
  );
}

function queryOf(asked: URLSearchParams): ConvoyQuery {
  const status = statuses.find((each) => each === asked.get('status'));
  const squad = asked.get('squad');
  return { ...(status === undefined ? {} : { status }), ...(squad === null ? {} : { squad }) };
}

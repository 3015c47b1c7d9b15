import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { ConvoyDocument } from '../../../src/client.ts';
import { count, duration, moment, money } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { AskingButton } from '../parts/asking-button.tsx';
import { OutcomeNotice, useOutcome } from '../parts/outcome.tsx';
import { Page } from '../parts/page.tsx';
import { Reading } from '../parts/reading.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useSquadName } from '../squads/all-squads.ts';
import { useConvoy } from './convoy-reading.ts';
import { ConvoyItems } from './convoy-items.tsx';
import { ParallelismPanel } from './parallelism-panel.tsx';
import { ProgressBar } from './progress-bar.tsx';
import { ReasonsPanel } from './reasons-panel.tsx';
import { RetryButton } from './retry-button.tsx';
import './convoy.css';
import './graph.css';

/** One convoy: how far it is, its items and what they wait for, how many ran at once, and why some failed. */
export function Convoy({ id }: { readonly id: string }) {
  const convoy = useConvoy(id);
  if (convoy.data !== undefined) return <ConvoyPage convoy={convoy.data} readAt={convoy.dataUpdatedAt} />;
  return (
    <Page title="Convoy">
      <Reading of={convoy} what="the convoy" lines={8}>
        {() => null}
      </Reading>
      <p>
        <Link href="/convoys">All convoys</Link>
      </p>
    </Page>
  );
}

function ConvoyPage({ convoy, readAt }: { readonly convoy: ConvoyDocument; readonly readAt: number }) {
  const outcome = useOutcome();
  const nameOf = useSquadName();
  const name = nameOf(convoy.squadId);
  return (
    <Page
      title={name === null ? 'Convoy' : `Convoy of ${name}`}
      actions={<Actions convoy={convoy} tell={outcome.tell} />}
    >
      <OutcomeNotice of={outcome} />
      <section className="panel" aria-label="How far it is">
        <div className="convoy-state">
          <StatusBadge status={convoy.status} />
          <ProgressBar progress={convoy.progress} />
        </div>
        {convoy.reason !== null && <p dir="auto">{convoy.reason}</p>}
        <Facts convoy={convoy} />
      </section>
      <ReasonsPanel items={convoy.items} />
      <ConvoyItems convoy={convoy} beside={<ParallelismPanel convoy={convoy} readAt={readAt} />} />
    </Page>
  );
}

function Actions({ convoy, tell }: { readonly convoy: ConvoyDocument; readonly tell: (outcome: string) => void }) {
  const queries = useQueryClient();
  const may = useMay('write');
  const { id, status, progress } = convoy;
  if (!may) return null;
  const refresh = () => queries.invalidateQueries({ queryKey: ['convoys'] });
  const cancel = async () => {
    await squadra.convoys.cancel(id);
    await refresh();
    tell('The convoy is cancelled; nothing of it runs any more.');
  };
  if (status === 'running')
    return (
      <AskingButton action="Cancel the convoy" question="Cancel this convoy?" act={cancel}>
        <p>
          {count(progress.running)} running {progress.running === 1 ? 'item stops' : 'items stop'}, down to the model
          calls in flight, and {count(progress.ready + progress.blocked)} will not begin. What is completed stays. A
          cancelled convoy cannot be taken up again.
        </p>
      </AskingButton>
    );
  if (status !== 'partial' && status !== 'failed') return null;
  return <RetryButton id={id} tell={tell} refresh={refresh} />;
}

function Facts({ convoy }: { readonly convoy: ConvoyDocument }) {
  const nameOf = useSquadName();
  const { createdAt, endedAt, deadlineAt, squadId, executionId, costMicroUsd, usage, options } = convoy;
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ['Submitted', moment(createdAt)],
    ['Took', endedAt === null ? 'not ended yet' : duration(Date.parse(endedAt) - Date.parse(createdAt))],
    ...(deadlineAt === null ? [] : ([['Ends by', moment(deadlineAt)]] as const)),
    [
      'Squad',
      <Link key="squad" dir="auto" href={`/squads/${squadId}`}>
        {nameOf(squadId) ?? 'Its members'}
      </Link>,
    ],
    ['At most at once', options.parallelism === 'auto' ? 'as many as the machine bears' : count(options.parallelism)],
    [
      'Cost',
      usage.unpricedCalls > 0
        ? `${money(costMicroUsd)} and ${count(usage.unpricedCalls)} unpriced calls`
        : money(costMicroUsd),
    ],
    ['Tokens', `${count(usage.inputTokens)} in, ${count(usage.outputTokens)} out`],
    ...(executionId === null
      ? []
      : ([
          [
            'Made by',
            <Link key="parent" href={`/executions/${executionId}`}>
              an execution
            </Link>,
          ],
        ] as const)),
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { ExecutionDocument } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import { requestText, wholeRequest } from '../executions/request-text.ts';
import { OutcomeNotice, useOutcome } from '../parts/outcome.tsx';
import { Page } from '../parts/page.tsx';
import { Reading } from '../parts/reading.tsx';
import { Actions } from './actions.tsx';
import { ApprovalCards } from './approval-card.tsx';
import { ComparisonPanel } from './comparison-panel.tsx';
import { originOf } from './comparison.ts';
import { Conversation } from './conversation.tsx';
import { failureOf } from './failure.ts';
import { FailureNotice } from './failure-notice.tsx';
import { FilesPanel } from './files-panel.tsx';
import { useStory } from './follow.ts';
import type { Followed } from './follow.ts';
import type { Story } from './story.ts';
import { Header } from './header.tsx';
import { Timeline } from './timeline.tsx';
import './execution.css';
import { RawText } from '../parts/raw-text.tsx';

const mostOfTitle = 120;
/** What is read again while it runs is read so often at most. */
const readAgainMs = 1_000;

/** One execution: what it was asked for, how it stands, what was said and done, and what one can do about it. */
export function Execution({ id }: { readonly id: string }) {
  const document = useQuery({ queryKey: ['execution', id, 'document'], queryFn: () => squadra.executions.get(id) });
  const { data: execution } = document;
  if (execution !== undefined) return <Told key={id} title={titleOf(execution)} execution={execution} />;
  return (
    <Page title="Execution">
      <Reading of={document} what="the execution" lines={8}>
        {() => null}
      </Reading>
      <p>
        <Link href="/executions">All executions</Link>
      </p>
    </Page>
  );
}

/** What it was asked for, as far as a heading has room; the name of its workflow where it was given nothing. */
function titleOf({ input, workflow }: ExecutionDocument): string {
  return input === null ? workflow : requestText(input).slice(0, mostOfTitle).toWellFormed();
}

function Told({ title, execution }: { readonly title: string; readonly execution: ExecutionDocument }) {
  const { id } = execution;
  const outcome = useOutcome();
  const followed = useFollowed(execution);
  const status = followed.story.status?.status ?? execution.status;
  const [forkFrom, setForkFrom] = useState<string | null>(null);
  const [asked, ask] = useSearchParams();
  const compared = asked.get('compare');
  const closeComparison = () =>
    ask((before) => {
      before.delete('compare');
      return before;
    });
  const isRunning = status !== 'completed' && status !== 'failed' && status !== 'cancelled';
  return (
    <Page
      title={title}
      actions={
        <Actions
          execution={execution}
          status={status}
          followed={followed}
          forkFrom={forkFrom}
          onForkFrom={setForkFrom}
          tell={outcome.tell}
        />
      }
    >
      <OutcomeNotice of={outcome} />
      <Relations execution={execution} />
      <Header execution={execution} followed={followed} status={status} isRunning={isRunning} />
      <ApprovalCards id={id} tell={outcome.tell} />
      <Failed followed={followed} execution={execution} status={status} />
      {compared !== null && <ComparisonPanel left={id} right={compared} onClose={closeComparison} />}
      <Timeline followed={followed} isRunning={isRunning} onFork={setForkFrom} />
      <div className="told">
        <div className="told-beside">
          <RequestPanel execution={execution} />
          <FilesPanel id={id} />
        </div>
        <Said execution={execution} followed={followed} />
      </div>
    </Page>
  );
}

/** Follows it, and has read again what events do not tell: once a second at most, and when its status changes. */
function useFollowed(execution: ExecutionDocument): Followed {
  const { id } = execution;
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const readAgain = useCallback(
    (story: Story) => {
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        const { status } = story;
        const known = queries.getQueryData<ExecutionDocument>(['execution', id, 'document']);
        // What has ended was read as it stays, unless it ended anew.
        if (known?.endedAt != null && status !== null && Date.parse(known.endedAt) === status.at) return;
        void queries.invalidateQueries({ queryKey: ['execution', id, 'files'] });
        if (known?.status !== status?.status)
          void queries.invalidateQueries({ queryKey: ['execution', id, 'document'] });
      }, readAgainMs);
    },
    [queries, id],
  );
  const followed = useStory(id, readAgain);
  // What has failed may be retried from elsewhere, and then its events go on: the stream is asked whenever executions changed.
  const isRetriable = followed.following === 'ended' && followed.story.status?.status === 'failed';
  const { data: changes = 0 } = useQuery({
    queryKey: ['executions', 'changes', id],
    queryFn: () => Date.now(),
    enabled: isRetriable,
  });
  const { again } = followed;
  const seen = useRef(0);
  useEffect(() => {
    const isFirst = seen.current === 0;
    if (!isRetriable || changes === 0 || changes === seen.current) return;
    seen.current = changes;
    if (!isFirst) again();
  }, [isRetriable, changes, again]);
  return followed;
}

/** The conversation with the names of who speaks, once they can be known. */
function Said({ execution, followed }: { readonly execution: ExecutionDocument; readonly followed: Followed }) {
  const { squadId } = execution;
  if (squadId === null) return <Conversation followed={followed} nameOf={nobody} />;
  return <SaidBySquad squadId={squadId} followed={followed} />;
}

function SaidBySquad({ squadId, followed }: { readonly squadId: string; readonly followed: Followed }) {
  const { data } = useQuery({ queryKey: ['squads', 'one', squadId], queryFn: () => squadra.squads.get(squadId) });
  // The same function while the names are the same: what was said is not drawn again with each piece of an answer.
  const nameOf = useCallback((id: string) => data?.members.find((member) => member.id === id)?.name ?? null, [data]);
  return <Conversation followed={followed} nameOf={nameOf} />;
}

const nobody = (): null => null;

/** Where it comes from: a fork from its origin, an item from its convoy. */
function Relations({ execution }: { readonly execution: ExecutionDocument }) {
  const origin = originOf(execution);
  const convoys = [...new Set(execution.items.flatMap(({ convoyId }) => convoyId ?? []))];
  if (origin === null && convoys.length === 0) return null;
  return (
    <ul className="relations">
      {origin !== null && (
        <li>
          A fork of <Link href={`/executions/${origin.id}`}>another execution</Link>, from{' '}
          <code dir="auto">{origin.step}</code> on.{' '}
          <Link href={`/executions/${execution.id}?compare=${origin.id}`}>Put both side by side</Link>
        </li>
      )}
      {convoys.map((convoy) => (
        <li key={convoy}>
          Part of <Link href={`/convoys/${convoy}`}>a convoy</Link>.
        </li>
      ))}
    </ul>
  );
}

function Failed(props: {
  readonly followed: Followed;
  readonly execution: ExecutionDocument;
  readonly status: ExecutionDocument['status'];
}) {
  const { followed, execution, status } = props;
  if (status === 'cancelled') {
    const reason = followed.story.status?.reason ?? execution.reason;
    return reason === null ? null : (
      <p className="panel" dir="auto">
        Cancelled: {reason}
      </p>
    );
  }
  if (status !== 'failed') return null;
  const failure = followed.story.status?.error ?? failureOf(execution.error);
  return failure === null ? null : <FailureNotice failure={failure} title="It failed" />;
}

/** Longer ones are folded. */
const shortRequest = 200;

/** All of what it was asked for, and what came with it. */
function RequestPanel({ execution }: { readonly execution: ExecutionDocument }) {
  const { input, metadata } = execution;
  const text = wholeRequest(input);
  return (
    <section className="panel" aria-labelledby="request-title">
      <h2 id="request-title">Request</h2>
      {text.length <= shortRequest ? (
        <p className="request" dir="auto">
          {text}
        </p>
      ) : (
        <details>
          <summary dir="auto">{requestText(input).slice(0, shortRequest).toWellFormed()}…</summary>
          <RawText>{text}</RawText>
        </details>
      )}
      {metadata !== null && (
        <details>
          <summary>Metadata</summary>
          <RawText>{JSON.stringify(metadata, null, 2)}</RawText>
        </details>
      )}
    </section>
  );
}

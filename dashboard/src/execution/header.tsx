import { Link } from 'wouter';
import type { ExecutionDocument } from '../../../src/client.ts';
import { useNow } from '../data/clock.ts';
import { count, duration, moment } from '../data/formats.ts';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useSquadName } from '../squads/all-squads.ts';
import type { Followed } from './follow.ts';
import { Fact } from './step-panel.tsx';
import { costText } from './step-table.tsx';
import type { Story } from './story.ts';
import { spentOn } from './spent.ts';
import './step.css';

const followings: Readonly<Record<Followed['following'], string>> = {
  waiting: 'connecting',
  live: 'live',
  lost: 'no connection; it goes on by itself',
  ended: '',
};

/** How it stands: status, whose it is, when it was, and what it took. */
export function Header(props: {
  readonly execution: ExecutionDocument;
  readonly followed: Followed;
  readonly status: ExecutionDocument['status'];
  readonly isRunning: boolean;
}) {
  const { execution, followed, status, isRunning } = props;
  const { squadId, workflow, priority, createdAt } = execution;
  const now = useNow(isRunning);
  const nameOf = useSquadName();
  const usage = isRunning ? spentOn(followed.story) : execution.usage;
  return (
    <section className="panel" aria-label="How it stands">
      <dl className="facts execution-facts">
        <Fact name="Status">
          <StatusBadge status={status} /> <output className="muted">{followings[followed.following]}</output>
        </Fact>
        <Fact name="Squad">
          {squadId === null ? (
            'none'
          ) : (
            <Link href={`/squads/${squadId}`}>{nameOf(squadId) ?? 'a squad that is gone'}</Link>
          )}
        </Fact>
        <Fact name="Workflow">{workflow}</Fact>
        <Fact name={isRunning ? 'Runs for' : 'Took'}>
          {tookText(execution, followed.story, isRunning ? now : null)}
        </Fact>
        <Fact name="Cost">{costText(usage)}</Fact>
        <Fact name="Tokens">
          {count(usage.inputTokens)} in, {count(usage.outputTokens)} out
        </Fact>
        <Fact name="Model calls">{count(usage.modelCalls)}</Fact>
        {priority !== 0 && <Fact name="Priority">{priority}</Fact>}
        <Fact name="Created">
          <time dateTime={createdAt}>{moment(createdAt)}</time>
        </Fact>
      </dl>
    </section>
  );
}

function tookText({ startedAt, endedAt }: ExecutionDocument, { statuses }: Story, now: number | null): string {
  const begun =
    statuses.find(({ status }) => status === 'running')?.at ?? (startedAt === null ? null : Date.parse(startedAt));
  if (begun === null) return now === null ? '–' : 'not yet';
  const end = now ?? statuses.at(-1)?.at ?? (endedAt === null ? null : Date.parse(endedAt));
  return end === null ? '–' : duration(Math.max(0, end - begun));
}

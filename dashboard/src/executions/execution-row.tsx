import { memo } from 'react';
import { Link } from 'wouter';
import type { ExecutionSummary } from '../../../src/client.ts';
import { duration, moment, money } from '../data/formats.ts';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useSquadName } from '../squads/all-squads.ts';
import { requestText } from './request-text.ts';

/** One execution in a line; on a phone in two. */
export const ExecutionRow = memo(
  function ExecutionRow({
    execution,
    onFocus,
  }: {
    readonly execution: ExecutionSummary;
    readonly onFocus: () => void;
  }) {
    const nameOf = useSquadName();
    const { id, status, input, squadId, workflow, createdAt, startedAt, endedAt, usage, costMicroUsd } = execution;
    const tookMs = startedAt === null || endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt);
    return (
      <Link href={`/executions/${id}`} className="execution-row" onFocus={onFocus}>
        <span>
          <StatusBadge status={status} />
        </span>
        <span className="execution-request" dir="auto">
          {requestText(input)}
        </span>
        <span className="execution-squad" dir="auto">
          {nameOf(squadId) ?? '–'}
        </span>
        <span className="execution-workflow" dir="auto">
          {workflow}
        </span>
        <time dateTime={createdAt}>{moment(createdAt)}</time>
        <span className="number execution-took">{duration(tookMs)}</span>
        <span className="number execution-cost">
          {usage.unpricedCalls > 0 && costMicroUsd === 0 ? 'unpriced' : money(costMicroUsd)}
        </span>
      </Link>
    );
  },
  ({ execution: one }, { execution: other }) =>
    one.id === other.id && one.version === other.version && one.costMicroUsd === other.costMicroUsd,
);

import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { PooledAgentDocument } from '../../../src/client.ts';
import { count, moment } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { AskingButton } from '../parts/asking-button.tsx';
import { Loading } from '../parts/loading.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { useSquadName } from '../squads/all-squads.ts';

interface Telling {
  readonly tell: (outcome: string) => void;
}

/** The agents of the tenant that are built, and letting them go. */
export function AgentPool({ tell }: Telling) {
  const queries = useQueryClient();
  const may = useMay('admin');
  const pages = useInfiniteQuery({
    queryKey: ['system', 'agents'],
    queryFn: ({ pageParam }) =>
      squadra.agentPool.list({ limit: 50, ...(pageParam === '' ? {} : { cursor: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const drop = async (agent?: PooledAgentDocument) => {
    await squadra.agentPool.drop(agent?.memberId);
    await queries.invalidateQueries({ queryKey: ['system'] });
    tell(agent === undefined ? 'All agents are let go.' : `The agent of ${agent.name} is let go.`);
  };
  const pool = pages.data?.pages[0];
  const agents = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <section className="panel" aria-labelledby="agents">
      <div className="panel-head">
        <h2 id="agents">Agents that are built</h2>
        {may && agents.length > 0 && (
          <AskingButton isFaint action="Let all go" question="Let all agents go?" act={() => drop()}>
            <p>The next request of each member builds its agent anew. Whoever is at work keeps its agent.</p>
          </AskingButton>
        )}
      </div>
      {pool === undefined &&
        (pages.error === null ? (
          <Loading what="agents" />
        ) : (
          <ProblemNotice error={pages.error} onRetry={() => void pages.refetch()} />
        ))}
      {pool !== undefined && (
        <p className="muted">
          {count(pool.size)} of yours; the server holds {count(pool.capacity)} at most.
          {pool.size === 0 && ' Agents are built when members are first asked.'}
        </p>
      )}
      <ul className="agents">
        {agents.map((agent) => (
          <Agent key={`${agent.memberId}/${agent.memberVersion}`} agent={agent} drop={may ? drop : null} />
        ))}
      </ul>
      {pages.hasNextPage && (
        <button type="button" className="button" onClick={() => void pages.fetchNextPage()}>
          Show more
        </button>
      )}
    </section>
  );
}

function Agent(props: {
  readonly agent: PooledAgentDocument;
  /** Null where it is not allowed. */
  readonly drop: ((agent: PooledAgentDocument) => Promise<void>) | null;
}) {
  const { agent, drop } = props;
  const squadName = useSquadName();
  const { name, provider, model, squadId, callsInFlight, calls, lastUsedAt } = agent;
  return (
    <li className="agent">
      <div>
        <h3 dir="auto">
          {name} <span className="muted">of</span>{' '}
          <Link href={`/squads/${squadId}`}>{squadName(squadId) ?? 'a squad that is gone'}</Link>
        </h3>
        <p className="muted" dir="auto">
          {provider}/{model} · {count(calls)} {calls === 1 ? 'call' : 'calls'}
          {callsInFlight > 0 && `, ${count(callsInFlight)} in flight`}
          {lastUsedAt !== null && ` · last ${moment(lastUsedAt)}`}
        </p>
      </div>
      {drop !== null && (
        <AskingButton isFaint action="Let go" question={`Let the agent of ${name} go?`} act={() => drop(agent)}>
          <p>Its next request builds it anew. Calls in flight come to their end.</p>
        </AskingButton>
      )}
    </li>
  );
}

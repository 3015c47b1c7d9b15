import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { ScheduleSummary } from '../../../src/client.ts';
import { count, moment, span } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { AskingButton } from '../parts/asking-button.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { Reading } from '../parts/reading.tsx';
import { ScheduleDialog } from './schedule-dialog.tsx';

interface SchedulesProps {
  readonly squadId: string;
  readonly tell: (outcome: string) => void;
}

/** What a squad begins by the clock; to be made, paused, resumed and deleted. */
export function Schedules({ squadId, tell }: SchedulesProps) {
  const [isNew, setIsNew] = useState(false);
  const may = useMay('write');
  const schedules = useQuery({
    queryKey: ['schedules', squadId],
    queryFn: () => squadra.schedules.list({ squad: squadId, limit: 200 }),
  });
  return (
    <section className="panel" aria-labelledby="schedules">
      <div className="panel-head">
        <h2 id="schedules">Schedules</h2>
        {may && (
          <button type="button" className="button" onClick={() => setIsNew(true)}>
            Add a schedule
          </button>
        )}
      </div>
      <Reading of={schedules} what="schedules" lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">None: the squad works when it is asked. A schedule has it begin by itself.</p>
          ) : (
            <ul className="schedules">
              {items.map((schedule) => (
                <Entry key={schedule.id} schedule={schedule} tell={tell} />
              ))}
            </ul>
          )
        }
      </Reading>
      {isNew && <ScheduleDialog squadId={squadId} tell={tell} onClose={() => setIsNew(false)} />}
    </section>
  );
}

function Entry({ schedule, tell }: { readonly schedule: ScheduleSummary; readonly tell: (outcome: string) => void }) {
  const { id, name, status, nextAt, lastExecutionId, counts } = schedule;
  const may = useMay('write');
  return (
    <li className="schedule">
      <h3 dir="auto">{name ?? rhythmOf(schedule)}</h3>
      <p className="muted">
        {name !== null && `${rhythmOf(schedule)}. `}
        {status === 'paused' ? 'Paused.' : nextAt === null ? 'No further tick.' : `Next ${moment(nextAt)}.`}
      </p>
      <p className="schedule-message" dir="auto">
        {messageOf(schedule.input)}
      </p>
      <p className="muted">
        {count(counts.fired)} begun, {count(counts.skipped)} skipped, {count(counts.missed)} missed.{' '}
        {lastExecutionId !== null && <Link href={`/executions/${lastExecutionId}`}>The last one</Link>}{' '}
        {counts.fired > 0 && <Link href={`/executions?schedule=${id}`}>All</Link>}
      </p>
      {may && <Actions schedule={schedule} tell={tell} />}
    </li>
  );
}

function Actions({ schedule, tell }: { readonly schedule: ScheduleSummary; readonly tell: (outcome: string) => void }) {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const isPaused = schedule.status === 'paused';
  const refresh = () => queries.invalidateQueries({ queryKey: ['schedules'] });
  const turn = async () => {
    setError(null);
    await (isPaused ? squadra.schedules.resume(schedule) : squadra.schedules.pause(schedule));
    tell(isPaused ? 'The schedule goes on with its next tick.' : 'The schedule is paused: nothing of it begins.');
  };
  const remove = async () => {
    await squadra.schedules.remove(schedule.id);
    await refresh();
    tell('The schedule is deleted.');
  };
  return (
    <div className="budget-actions">
      <button
        type="button"
        className="button"
        onClick={() =>
          void turn()
            .catch(setError)
            .finally(() => void refresh())
        }
      >
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <AskingButton isFaint action="Delete" question="Delete this schedule?" act={remove}>
        <p>What waits of it is cancelled; what is under way goes on, and what it made stays.</p>
      </AskingButton>
      {error !== null && <ProblemNotice error={error} />}
    </div>
  );
}

function rhythmOf({ cron, timezone, everyMs }: ScheduleSummary): string {
  if (everyMs !== null) return `Every ${span(everyMs)}`;
  return `${cron ?? ''}${timezone === null ? '' : `, ${timezone}`}`;
}

function messageOf(input: unknown): string {
  const message = typeof input === 'object' && input !== null && 'message' in input ? input.message : input;
  return typeof message === 'string' ? message : JSON.stringify(message);
}

import type { NewSchedule, PageDocument, ScheduleDocument, ScheduleQuery, ScheduleSummary } from './documents.ts';
import type { SubmitOptions, Versioned } from './resources.ts';
import type { Transport } from './transport.ts';

export interface Schedules {
  /** Resolves when it is stored. */
  create(schedule: NewSchedule, options?: SubmitOptions): Promise<ScheduleDocument>;
  /** Newest first. */
  list(query?: ScheduleQuery): Promise<PageDocument<ScheduleSummary>>;
  get(id: string): Promise<ScheduleDocument>;
  /** Until it is resumed nothing of it begins. `STALE_VERSION` when somebody changed it since it was read. */
  pause(schedule: Versioned): Promise<ScheduleDocument>;
  resume(schedule: Versioned): Promise<ScheduleDocument>;
  /** Cancels what waits of it; what is under way goes on. */
  remove(id: string): Promise<void>;
}

export function schedulesOf(transport: Transport): Schedules {
  const base = '/api/v1/schedules';
  const at = (id: string): string => `${base}/${encodeURIComponent(id)}`;
  const change = ({ id, version }: Versioned, status: 'active' | 'paused'): Promise<ScheduleDocument> =>
    transport.send(at(id), { method: 'PATCH', body: { status }, headers: { 'if-match': `"${version}"` } });
  return {
    create: (body, { idempotencyKey = crypto.randomUUID(), signal } = {}) =>
      transport.send(base, {
        method: 'POST',
        body,
        headers: { 'idempotency-key': idempotencyKey },
        isRepeatable: true,
        signal,
      }),
    list: (query = {}) => transport.send(base, { query }),
    get: (id) => transport.send(at(id)),
    pause: (schedule) => change(schedule, 'paused'),
    resume: (schedule) => change(schedule, 'active'),
    remove: (id) => transport.send(at(id), { method: 'DELETE' }),
  };
}

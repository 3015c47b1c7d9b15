import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { IdSource } from '../../kernel/id.ts';
import { encodeJson, hashJson } from '../../kernel/json.ts';
import type { Schedule, ScheduleRequest, ScheduleStatus } from '../../work/schedule.ts';
import type { NewSchedule, ScheduleStore } from '../../work/schedule-store.ts';
import type { Commands } from '../commands.ts';
import { contentLength } from '../content-length.ts';
import { byId, readPageBy } from '../page.ts';
import type { Page, PageFormat } from '../page.ts';
import type { SquadDirectory } from '../squad-directory.ts';
import { defaultWorkflow, isRequest, parseInput } from '../submissions.ts';
import type { WorkflowRegistry } from '../workflow-registry.ts';
import { checkSchedule } from './schedule-input.ts';
import type { ScheduleRunner } from './schedule-runner.ts';
import { ticksOf } from './ticks.ts';

export interface ScheduleSettings {
  readonly maxInputBytes: number;
  readonly maxSchedules: number;
}

export interface ScheduleKeepingParts {
  readonly store: ScheduleStore;
  /** Null where nothing runs. */
  readonly runner: Pick<ScheduleRunner, 'adopt' | 'forget' | 'beginNext'> | null;
  readonly settings: ScheduleSettings;
  readonly squads: Pick<SquadDirectory, 'resolve' | 'seek'>;
  readonly workflows: WorkflowRegistry;
  readonly commands: Pick<Commands, 'cancelled'>;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** What a list of schedules can be narrowed to; `limit` is 1 to 200, 50 where nothing is said. */
export interface ScheduleListFilter {
  readonly status?: ScheduleStatus;
  /** Id or name. */
  readonly squad?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** Looks at a schedule before it is changed, and throws to refuse. */
export type ScheduleCheck = (schedule: Schedule) => void;

/** The schedules of a tenant. */
export interface Schedules {
  /**
   * Resolves when it is committed and synced. Throws `INVALID_INPUT`, `INVALID_DURATION`, `UNKNOWN_SQUAD`, `UNKNOWN_WORKFLOW`,
   * `NAME_TAKEN`, `IDEMPOTENCY_CONFLICT` or `TOO_MANY_SCHEDULES`, and then nothing was created.
   */
  create(request: ScheduleRequest): Promise<Schedule>;
  /** By id or name. Throws `NOT_FOUND`. */
  get(idOrName: string): Promise<Schedule>;
  /** Newest first. Throws `UNKNOWN_SQUAD` or `INVALID_CURSOR`. */
  list(filter?: ScheduleListFilter): Promise<Page<Schedule>>;
  /** Until it is resumed nothing of it begins; what is under way goes on. Throws `NOT_FOUND`, and what `check` throws. */
  pause(id: string, check?: ScheduleCheck): Promise<Schedule>;
  /** Ticks of the pause are not made up for. Throws `NOT_FOUND`, and what `check` throws. */
  resume(id: string, check?: ScheduleCheck): Promise<Schedule>;
  /** Cancels what waits of it; what is under way goes on. Throws `NOT_FOUND`, and what `check` throws. */
  remove(id: string, check?: ScheduleCheck): Promise<void>;
}

/** More changes of one schedule than that, all at once, are told that they were too late. */
const maxRounds = 200;
const newestFirst: PageFormat<Schedule, string> = { ...byId, lengthOf: ({ input }) => contentLength(input) };

/** Keeps the schedules of all tenants. */
export class ScheduleKeeping {
  readonly #parts: ScheduleKeepingParts;

  constructor(parts: ScheduleKeepingParts) {
    this.#parts = parts;
  }

  /** The schedules as one tenant sees them; those that are made through it bear the user's id. */
  of(tenant: string, userId: string | null): Schedules {
    return {
      create: (request) => this.create(tenant, request, userId),
      get: (idOrName) => this.get(tenant, idOrName),
      list: (filter) => this.list(tenant, filter),
      pause: (id, check) => this.setStatus(tenant, id, 'paused', check),
      resume: (id, check) => this.setStatus(tenant, id, 'active', check),
      remove: (id, check) => this.remove(tenant, id, check),
    };
  }

  async create(tenant: string, request: ScheduleRequest, userId: string | null = null): Promise<Schedule> {
    const { store, runner, settings, clock, ids } = this.#parts;
    const now = clock.now();
    const checked = checkSchedule(request, now);
    const work = await this.#workOf(tenant, request);
    const { rhythm } = checked;
    const when = rhythm.kind === 'cron' ? [rhythm.cron, rhythm.timezone] : [rhythm.everyMs];
    const { name, priority, overlap, missed } = checked;
    const { idempotencyKey: key } = request;
    const asked = [when, work.workflow, work.value, work.squadId, name, priority, overlap, missed];
    const schedule: NewSchedule = {
      ...checked,
      id: ids(),
      userId,
      status: 'active',
      version: 1,
      squadId: work.squadId,
      workflow: work.workflow,
      input: work.input,
      isRequest: isRequest(work.value),
      idempotency: key === undefined ? null : { key, requestHash: hashJson(asked) },
      createdAt: now,
      updatedAt: now,
    };
    const id = await store.create(tenant, schedule, settings.maxSchedules);
    const stored = await this.get(tenant, id);
    if (id === schedule.id) runner?.adopt(stored);
    return stored;
  }

  async get(tenant: string, idOrName: string): Promise<Schedule> {
    const { store } = this.#parts;
    const found = (await store.get(tenant, idOrName)) ?? (await store.named(tenant, idOrName));
    if (found === null) throw unknown(idOrName);
    return found;
  }

  async list(tenant: string, { status, squad, ...page }: ScheduleListFilter = {}): Promise<Page<Schedule>> {
    const wanted = squad === undefined ? null : await this.#parts.squads.seek(tenant, squad);
    if (wanted !== null && !wanted.isKnown)
      throw new SquadraError('UNKNOWN_SQUAD', `There is no squad '${String(squad)}'.`);
    return readPageBy(newestFirst, page, async (limit, before) => {
      if (wanted !== null && wanted.id === null) return [];
      return this.#parts.store.list(tenant, {
        ...(status === undefined ? {} : { status }),
        ...(wanted?.id === undefined || wanted.id === null ? {} : { squadId: wanted.id }),
        ...(before === undefined ? {} : { before }),
        limit,
      });
    });
  }

  setStatus(tenant: string, id: string, status: ScheduleStatus, check: ScheduleCheck = () => {}): Promise<Schedule> {
    const { store, runner, clock } = this.#parts;
    return this.#untilSettled(tenant, id, check, async (schedule) => {
      if (schedule.status === status) return schedule;
      // Never behind a tick that was decided about, wherever the clock stands now.
      const from = Math.max(clock.now(), schedule.lastTick ?? 0);
      const nextAt = status === 'paused' ? null : ticksOf(schedule.rhythm).after(from);
      await store.setStatus(tenant, schedule.id, { version: schedule.version, status, nextAt });
      const changed = await this.get(tenant, schedule.id);
      runner?.adopt(changed);
      if (status === 'active') await runner?.beginNext(tenant, schedule.id);
      return changed;
    });
  }

  remove(tenant: string, id: string, check: ScheduleCheck = () => {}): Promise<void> {
    const { store, runner, commands } = this.#parts;
    return this.#untilSettled(tenant, id, check, async (schedule) => {
      const cancelled = await store.remove(tenant, schedule.id, schedule.version);
      runner?.forget(schedule.id);
      for (const { executionId, priority } of cancelled)
        commands.cancelled(tenant, executionId, priority, 'its schedule was deleted');
    });
  }

  async #workOf(tenant: string, request: ScheduleRequest) {
    const { workflows, squads, settings } = this.#parts;
    const workflow = workflows.resolve(request.workflow ?? defaultWorkflow);
    const value = parseInput(workflow, request.message === undefined ? request.input : { message: request.message });
    const limits = { maxBytes: settings.maxInputBytes, refusal: 'PAYLOAD_TOO_LARGE', what: 'the input' } as const;
    const input = encodeJson(value, limits);
    const name = request.squad ?? (workflows.needsSquad(workflow) ? defaultSquad : null);
    const squadId = name === null ? null : (await squads.resolve(tenant, name)).id;
    return { workflow: workflow.name, value, input, squadId };
  }

  async #untilSettled<T>(
    tenant: string,
    id: string,
    check: ScheduleCheck,
    act: (schedule: Schedule) => Promise<T>,
  ): Promise<T> {
    for (let round = 1; ; round++) {
      const schedule = await this.get(tenant, id);
      check(schedule);
      try {
        return await act(schedule);
      } catch (error) {
        // A round that is lost was won by somebody else, so that together they come to an end.
        if (!(error instanceof SquadraError) || error.code !== 'STALE_VERSION' || round === maxRounds) throw error;
      }
    }
  }
}

const defaultSquad = 'software';

function unknown(idOrName: string): SquadraError {
  return new SquadraError(
    'NOT_FOUND',
    `There is no schedule '${idOrName}'; \`squadra schedules\` lists those there are.`,
  );
}

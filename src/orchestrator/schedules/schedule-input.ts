import { durationMs, formatDuration } from '../../kernel/duration.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { missedRules, overlapRules } from '../../work/schedule.ts';
import type { MissedRule, OverlapRule, Rhythm, ScheduleRequest } from '../../work/schedule.ts';
import { parseCron, ticksOf } from './ticks.ts';

/** What a request says of the schedule itself; what it runs is checked with the workflow. */
export interface CheckedSchedule {
  readonly name: string | null;
  readonly rhythm: Rhythm;
  readonly priority: number;
  readonly overlap: OverlapRule;
  readonly missed: MissedRule;
  /** Its first tick. */
  readonly nextAt: number;
}

interface Problem {
  readonly path: string;
  readonly message: string;
}

const fields = 'name cron every timezone squad workflow message input priority overlap missed idempotencyKey';
const knownFields: ReadonlySet<string> = new Set(fields.split(' '));
/** Faster than that a schedule would be a loop, which a workflow writes better. */
const shortestMs = 1_000;
const longestName = 200;
const longestCron = 200;

/** Throws `INVALID_INPUT` with every problem, or `INVALID_DURATION`. */
export function checkSchedule(request: ScheduleRequest, now: number): CheckedSchedule {
  const { name, priority = 0, overlap = 'skip', missed = 'once' } = request;
  const problems: Problem[] = [];
  const refuse = (path: string, message: string): void => void problems.push({ path, message });
  for (const field of Object.keys(request)) if (!knownFields.has(field)) refuse(field, 'is no field of a schedule');
  if (name !== undefined && (name.trim() === '' || name.length > longestName))
    refuse('name', `has to have 1 to ${longestName} characters`);
  if (!Number.isInteger(priority) || priority < -100 || priority > 100)
    refuse('priority', `is ${priority}; use a whole number from -100 to 100`);
  if (!overlapRules.includes(overlap)) refuse('overlap', `is '${String(overlap)}'; use ${overlapRules.join(' or ')}`);
  if (!missedRules.includes(missed)) refuse('missed', `is '${String(missed)}'; use ${missedRules.join(', ')}`);
  if ((request.input === undefined) === (request.message === undefined))
    refuse('message', "give exactly one of 'message' and 'input'");
  if (request.message?.trim() === '') refuse('message', 'is empty');
  checkKey(request.idempotencyKey, refuse);
  const rhythm = readRhythm(request, now, refuse);
  const nextAt = rhythm === null ? null : ticksOf(rhythm).after(now);
  if (rhythm !== null && nextAt === null)
    refuse('cron', `'${request.cron ?? ''}' names a time that never comes; look at its day and month`);
  if (rhythm === null || nextAt === null || problems.length > 0) throw invalid(problems);
  return { name: name ?? null, rhythm, priority, overlap, missed, nextAt };
}

type Refuse = (path: string, message: string) => void;

function checkKey(key: string | undefined, refuse: Refuse): void {
  if (key !== undefined && (key === '' || key.length > 255))
    refuse('idempotencyKey', 'has to have 1 to 255 characters');
}

/** Null where it was refused. */
function readRhythm({ cron, every, timezone }: ScheduleRequest, now: number, refuse: Refuse): Rhythm | null {
  if ((cron === undefined) === (every === undefined)) {
    refuse('cron', "give exactly one of 'cron' and 'every'");
    return null;
  }
  if (every !== undefined) {
    if (timezone !== undefined)
      refuse('timezone', "means nothing with 'every', which counts elapsed time; leave it out");
    const everyMs = durationMs(every, "'every'");
    if (everyMs >= shortestMs) return { kind: 'every', everyMs, startMs: now };
    refuse('every', `is ${formatDuration(everyMs)}; use at least 1s`);
    return null;
  }
  return readCron(cron ?? '', timezone ?? 'UTC', refuse);
}

function readCron(cron: string, timezone: string, refuse: Refuse): Rhythm | null {
  if (!isTimezone(timezone)) {
    refuse(
      'timezone',
      `'${timezone.slice(0, 80)}' is no time zone that is known here; use an IANA name such as Europe/Berlin, or UTC`,
    );
    return null;
  }
  const why = cronProblem(cron, timezone);
  if (why === null) return { kind: 'cron', cron: cron.trim(), timezone };
  const hint = "use five fields (minute, hour, day, month, day of the week), such as '0 9 * * mon-fri'";
  refuse('cron', `'${cron.slice(0, 80)}' is no cron expression (${why}); ${hint}`);
  return null;
}

function cronProblem(cron: string, timezone: string): string | null {
  const parts = cron.trim().split(/\s+/);
  if (cron.length > longestCron) return `it has more than ${longestCron} characters`;
  if (!/^@[a-z]+$/i.test(cron.trim()) && parts.length !== 5 && parts.length !== 6)
    return `it has ${cron.trim() === '' ? 'no' : parts.length} fields`;
  try {
    parseCron(cron.trim(), timezone);
    return null;
  } catch (error) {
    // `CronPattern: Invalid value for minute: 61`
    return (error instanceof Error ? error.message : String(error)).replace(/^\w+: /, '').replace(/\.$/, '');
  }
}

/** An offset such as +02:00 is none: it knows no change of clocks, and people who write it mostly expect one. */
function isTimezone(name: string): boolean {
  if (!/^[a-z]/i.test(name) || name.length > 100) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function invalid(problems: readonly Problem[]): SquadraError {
  const text = problems.map(({ path, message }) => `'${path}' ${message}`).join('; ');
  return new SquadraError('INVALID_INPUT', `The schedule was refused: ${text}.`, { details: { problems } });
}

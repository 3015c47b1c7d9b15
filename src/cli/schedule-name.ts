import { openReports } from '../compose/outside.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { Schedule } from '../work/schedule.ts';
import type { ScheduleReports } from '../work/schedule-store.ts';
import type { CommandContext } from './cli.ts';
import { stateOptions } from './cli.ts';

const pageSize = 200;

/** The schedules of a tenant, newest first. */
export async function allSchedules(store: Pick<ScheduleReports, 'list'>, tenant: string): Promise<readonly Schedule[]> {
  const found: Schedule[] = [];
  for (;;) {
    const before = found.at(-1)?.id;
    const page = await store.list(tenant, { limit: pageSize, ...(before === undefined ? {} : { before }) });
    found.push(...page);
    if (page.length < pageSize) return found;
  }
}

/** The id for what the user wrote: a name, an id, or the beginning of one. Throws `NOT_FOUND`, or `INVALID_INPUT` for several. */
export async function findSchedule({ options }: CommandContext, text: string): Promise<string> {
  await using state = await openReports(stateOptions(options));
  const schedules = await allSchedules(state.schedules, options.tenant);
  const exact = schedules.find(({ id, name }) => id === text || name === text);
  if (exact !== undefined) return exact.id;
  const matching = text.length < 4 ? [] : schedules.filter(({ id }) => id.startsWith(text.toLowerCase()));
  const [only] = matching;
  if (only === undefined)
    throw new SquadraError('NOT_FOUND', `There is no schedule '${text}'; \`squadra schedules\` lists those there are.`);
  if (matching.length === 1) return only.id;
  throw new SquadraError('INVALID_INPUT', `Several schedules begin with ${text}; give more of the id, or the name.`);
}

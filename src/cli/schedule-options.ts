import type { z } from 'zod';
import { SquadraError } from '../kernel/errors.ts';
import { parseJson } from './json-argument.ts';

/** JSON as commands carry it. */
type Sent = z.output<z.ZodJSONSchema>;

/** A schedule as it is typed. */
export interface TypedSchedule {
  readonly cron?: string;
  readonly every?: string;
  readonly timezone?: string;
  readonly message?: string;
  readonly input?: string;
  readonly squad?: string;
  readonly workflow?: string;
  readonly name?: string;
  readonly priority?: string;
  readonly overlap?: string;
  readonly missed?: string;
}

/** The request that was typed; what fits together is checked where schedules are kept. Throws `INVALID_INPUT`. */
export function readSchedule({ input, priority, ...texts }: TypedSchedule): Record<string, Sent> {
  if (priority !== undefined && !/^-?\d{1,3}$/.test(priority))
    throw new SquadraError('INVALID_INPUT', `--priority is '${priority}'; give a whole number from -100 to 100.`);
  return {
    ...texts,
    // It came out of JSON.
    ...(input === undefined ? {} : { input: parseJson(input, '--input') as Sent }),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
  };
}

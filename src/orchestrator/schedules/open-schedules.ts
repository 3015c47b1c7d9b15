import type { Logger } from '../../telemetry/logger.ts';
import { isClosing } from '../convoys/convoy-runner.ts';
import { ScheduleRunner } from './schedule-runner.ts';
import type { ScheduleRunnerParts } from './schedule-runner.ts';
import { ScheduleKeeping } from './schedules.ts';
import type { ScheduleKeepingParts, ScheduleSettings } from './schedules.ts';

/** What the schedules of a process are made of. */
export interface ScheduleParts
  extends
    Omit<ScheduleRunnerParts, 'maxWaitingFirings' | 'isKnown' | 'onUnknown' | 'onError'>,
    Omit<ScheduleKeepingParts, 'runner' | 'settings'> {
  readonly settings: ScheduleSettings & Pick<ScheduleRunnerParts, 'maxWaitingFirings'>;
  readonly logger: Logger;
}

/** Those who keep the schedules of a process and have them tick; nothing ticks before `runner.serve`. */
export function openSchedules(parts: ScheduleParts): {
  readonly runner: ScheduleRunner;
  readonly keeping: ScheduleKeeping;
} {
  const { settings, workflows, logger } = parts;
  const runner = new ScheduleRunner({
    ...parts,
    maxWaitingFirings: settings.maxWaitingFirings,
    isKnown: (name) => workflows.find(name) !== null,
    onUnknown: ({ id, workflow }) =>
      logger.warn({ schedule: id, workflow }, 'A schedule of a workflow that is not registered here does not tick.'),
    onError: (error) => {
      if (!isClosing(error)) logger.warn({ error }, 'A schedule could not go on; it is tried again.');
    },
  });
  return { runner, keeping: new ScheduleKeeping({ ...parts, runner }) };
}

import type { NewsWire } from '../../bus/news.ts';
import type { RoomLines } from '../../flow/room-lines.ts';
import type { Advancer } from '../advancer.ts';
import type { Pulses } from '../pulse/pulses.ts';

/** What happens here and concerns runs and readers in other processes. */
export interface Here {
  readonly advancer: Pick<Advancer, 'abandon' | 'nudge' | 'isRunning'>;
  readonly room: Pick<RoomLines, 'forget' | 'givenBack' | 'lookAgain'>;
  readonly pulses: Pick<Pulses, 'changed' | 'changedForAll'>;
}

/** The same, told to the others as well. */
export interface Everywhere {
  readonly advancer: Pick<Advancer, 'abandon' | 'nudge'>;
  readonly room: Pick<RoomLines, 'givenBack' | 'lookAgain'>;
  readonly pulses: Pick<Pulses, 'changed' | 'changedForAll'>;
}

/**
 * What is done here, done everywhere: a run hears of a cancel or a signal wherever it is, who waits for room in a budget is
 * called wherever it was given back, and pages are told of changes whoever made them. Where news is lost, the store tells at the
 * next look: a cancel fences its run, a signal wakes it after its slice, held calls look again by themselves.
 */
export function everywhere(news: NewsWire, { advancer, room, pulses }: Here): Everywhere {
  news.onNews((told) => {
    if (told.of === 'command' && told.isCancel) {
      advancer.abandon(told.executionId, 'cancelled');
      room.forget(told.executionId);
    } else if (told.of === 'command') advancer.nudge(told.executionId);
    else if (told.of === 'budgets' && told.budgets === null) room.lookAgain(told.tenant);
    else if (told.of === 'budgets') room.givenBack(told.tenant, told.budgets ?? []);
    else if (told.of === 'topics') pulses.changed(told.tenant, told.topics);
  });
  return {
    advancer: {
      abandon: (executionId, why) => {
        advancer.abandon(executionId, why);
        news.announce({ of: 'command', executionId, isCancel: true });
      },
      nudge: (executionId) => {
        advancer.nudge(executionId);
        if (!advancer.isRunning(executionId)) news.announce({ of: 'command', executionId, isCancel: false });
      },
    },
    room: {
      givenBack: (tenant, budgets) => {
        room.givenBack(tenant, budgets);
        if (budgets.length > 0) news.announce({ of: 'budgets', tenant, budgets });
      },
      lookAgain: (tenant) => {
        room.lookAgain(tenant);
        news.announce({ of: 'budgets', tenant, budgets: null });
      },
    },
    pulses: {
      changed: (tenant, topics) => {
        pulses.changed(tenant, topics);
        if (topics !== 0) news.announce({ of: 'topics', tenant, topics });
      },
      changedForAll: (topics) => pulses.changedForAll(topics),
    },
  };
}

import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from '../../src/index.ts';

const stepMs = 1_000;
const names = ['one', 'two', 'three'];

/** Three steps whose work takes a second each: what agents do, most of the time. They stay in memory meanwhile. */
export const slowSteps = defineWorkflow<null, string>({
  name: 'slow-steps',
  async run({ step }) {
    for (const name of names) await step.run(name, () => pause(stepMs, name));
    return 'done';
  },
});

/** Three sleeps of a second: parked meanwhile, and replayed after each. */
export const sleeps = defineWorkflow<null, string>({
  name: 'sleeps',
  async run({ step }) {
    for (const name of names) await step.sleep(name, stepMs);
    return 'done';
  },
});

/** Waits until somebody says go. */
export const signalled = defineWorkflow<null, number>({
  name: 'signalled',
  async run({ step }) {
    const signal = await step.waitFor<number>('go');
    return signal.timedOut ? -1 : signal.payload;
  },
});

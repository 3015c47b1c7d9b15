import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from '../../src/index.ts';
import type { Workflow } from '../../src/index.ts';

/** What happens inside the steps, and who wants to know of them. */
export interface StepWork {
  work(): Promise<void>;
  /** A step was done and committed in this process. */
  onCommitted(): void;
}

/** Three steps that are interrupted in the middle. */
export function interrupted({ work, onCommitted }: StepWork): Workflow<null, string> {
  return defineWorkflow<null, string>({
    name: 'interrupted',
    async run({ step }) {
      for (const name of ['one', 'two', 'three']) {
        let isNew = false;
        await step.run(name, async () => {
          isNew = true;
          await work();
          return name;
        });
        if (isNew) onCommitted();
      }
      return 'done';
    },
  });
}

/** From 0 to 400 ms, so that executions are everywhere between their first and their last commit. */
export function workOfAnyLength(): Promise<void> {
  return pause(Math.random() * 400);
}

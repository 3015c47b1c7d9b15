import { defineWorkflow } from '../../src/index.ts';

const stepBytes = 1_024;
const inputBytes = 200;

/** One result per step, 1 KB as JSON. */
export const stepResults = ['a', 'b', 'c'].map((letter) => letter.repeat(stepBytes - 2));
/** 200 bytes as JSON. */
export const input = { text: 'i'.repeat(inputBytes - '{"text":""}'.length) };

/** The workload of most scenarios: three steps with nothing to do inside, so that what is measured is Squadra. */
export const threeSteps = defineWorkflow<typeof input, number>({
  name: 'three-steps',
  async run({ step }) {
    const [one = '', two = '', three = ''] = stepResults;
    const a = await step.run('one', () => one);
    const b = await step.run('two', () => two);
    const c = await step.run('three', () => three);
    return a.length + b.length + c.length;
  },
});

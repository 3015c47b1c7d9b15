import { numberSetting } from './setting.ts';

/** How much is worked on side by side, and how fast models are called. */
export const flowSettings = {
  baselineParallelism: numberSetting({
    env: 'SQUADRA_BASELINE_PARALLELISM',
    default: 5,
    min: 1,
    max: 10_000,
    unit: 'items',
    doc: 'Items of a convoy that run side by side on a machine that is busy (a load of 80 % and more). Not above SQUADRA_MAX_PARALLELISM.',
  }),
  maxParallelism: numberSetting({
    env: 'SQUADRA_MAX_PARALLELISM',
    default: 20,
    min: 1,
    max: 10_000,
    unit: 'items',
    doc: 'Items of a convoy that run side by side on an idle machine (a load of 40 % and less); between the two loads the number falls evenly. A convoy that says `auto` may go beyond it, up to 200, while the machine is idle and the providers keep up.',
  }),
  cpuThreshold: numberSetting({
    env: 'SQUADRA_CPU_THRESHOLD',
    default: 80,
    min: 1,
    max: 100,
    fractions: true,
    unit: 'percent',
    doc: 'While more CPU than this is in use, items of convoys start further apart: up to five seconds.',
  }),
  memoryThreshold: numberSetting({
    env: 'SQUADRA_MEMORY_THRESHOLD',
    default: 80,
    min: 1,
    max: 100,
    fractions: true,
    unit: 'percent',
    doc: 'While more memory than this is in use, items of convoys start further apart: up to five seconds. In a container its own limit counts.',
  }),
};

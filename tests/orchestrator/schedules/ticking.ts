import { openSquadraIn } from '../../../src/compose.ts';
import { readSettings } from '../../../src/config/settings.ts';
import type { Faults } from '../../../src/kernel/faults.ts';
import type { Squadra } from '../../../src/orchestrator/squadra.ts';
import type { TestClock } from '../../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';

export const start = Date.UTC(2026, 0, 1);
/** From one tick to the next. */
export const intervalMs = 60_000;

const tell = defineWorkflow({ name: 'tell', run: ({ step }) => step.run('tell', () => 'told') });

const ask = defineWorkflow({ name: 'ask', run: ({ step }) => step.approve('go', { title: 'Go on?' }) });

/** A process over a state, on a clock of its own. */
export function openTicking(stateDir: string, clock: TestClock, faults?: Faults): Promise<Squadra> {
  return openSquadraIn(
    { stateDir, workflows: [tell, ask], settings: { logLevel: 'silent' } },
    {
      clock,
      takesCommands: false,
      readSettings: (overrides) => readSettings({}, overrides),
      ...(faults === undefined ? {} : { faults }),
    },
  );
}

/** The schedule that is watched: nothing of it may be lost. */
export const request = {
  name: 'told',
  every: intervalMs,
  workflow: 'tell',
  input: {},
  missed: 'all',
  overlap: 'queue',
} as const;

/** Lets time pass until so many ticks of the schedule were decided about and their executions completed. */
export async function untilTold(squadra: Squadra, clock: TestClock, ticks: number): Promise<void> {
  for (;;) {
    const { counts } = await squadra.schedules.get('told');
    const { items } = await squadra.list({ status: 'completed', limit: 200 });
    if (counts.fired >= ticks && items.length >= counts.fired) return;
    await clock.advance(counts.fired < ticks && items.length >= counts.fired ? intervalMs : 0);
  }
}

import { openSquadraIn } from '../../../src/compose.ts';
import { readSettings } from '../../../src/config/settings.ts';
import type { Faults } from '../../../src/kernel/faults.ts';
import type { Squadra } from '../../../src/orchestrator/squadra.ts';
import type { ConvoyItemInput } from '../../../src/work/convoy-request.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';

const width = 6;

/** Two levels of six items; each of the second needs two of the first. */
export const items: readonly ConvoyItemInput[] = Array.from({ length: 2 * width }, (_, n) => ({
  key: `item-${n}`,
  role: 'tester',
  message: `Look at <part ${n}>.`,
  ...(n < width ? {} : { dependsOn: [`item-${n - width}`, `item-${(n + 1) % width}`] }),
}));

/** Has the items worked off, and tells how the convoy ended. */
export const crew = defineWorkflow({
  name: 'crew',
  run: async ({ squad }) => (await squad.convoy('parts', items, { parallelism: 4 })).status,
});

/** A process that runs the workflow over a state, with models at a server. */
export function openCrew(stateDir: string, url: string, faults?: Faults): Promise<Squadra> {
  return openSquadraIn(
    {
      stateDir,
      workflows: [crew],
      settings: { openaiApiKey: 'test', openaiBaseUrl: url, agentRateLimitPerMinute: 0 },
    },
    { readSettings: (overrides) => readSettings({}, overrides), ...(faults === undefined ? {} : { faults }) },
  );
}

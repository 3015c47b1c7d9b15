import { SquadraError } from '../kernel/errors.ts';
import type { Squad } from '../squads/squad.ts';
import type { Claim } from '../work/execution-store.ts';
import { defaultStepSettings, stepSettings } from './effect.ts';
import { Run } from './run.ts';
import type { RunServices } from './run-services.ts';
import { squadApi, stepApi } from './workflow-context.ts';
import type { Workflow } from './workflow.ts';

/** Makes the run of a claim, for an item of a convoy or for none; `begin` starts it. */
export function runOf(
  claim: Claim,
  workflow: Workflow,
  squad: Squad | null,
  services: RunServices,
): { readonly run: Run; readonly itemId: string | null; begin(): Run['done'] } {
  const run = new Run(claim, services);
  return {
    run,
    itemId: claim.execution.convoyItemId,
    begin: () => {
      const done = run.begin(() => {
        const defaults = stepSettings('(workflow)', workflow.steps, defaultStepSettings(services.limits.stepTimeoutMs));
        return perform(run, claim, workflow, squad, defaults);
      });
      return slice(run, done, services);
    },
  };
}

/** Ends a run at the end of the steps it is in when its slice of time is over. */
function slice(run: Run, done: Run['done'], { clock, limits }: RunServices): Run['done'] {
  const { maxSliceMs = null } = limits;
  if (maxSliceMs === null) return done;
  const timer = clock.setTimer(maxSliceMs, () => run.drain());
  return done.finally(() => timer.cancel());
}

async function perform(
  run: Run,
  { execution }: Claim,
  workflow: Workflow,
  squad: Squad | null,
  defaults: ReturnType<typeof defaultStepSettings>,
): Promise<unknown> {
  const output = await workflow.run({
    input: execution.input,
    squad: squadApi(run, execution, squad, defaults),
    step: stepApi(run, '', defaults),
    execution: { id: execution.id, tenant: execution.tenant },
  });
  if (workflow.output === undefined) return output;
  const checked = workflow.output.safeParse(output);
  if (checked.success) return checked.data;
  const problems = checked.error.issues
    .map(({ path, message }) => `${path.join('.') || 'output'}: ${message}`)
    .join('; ');
  throw new SquadraError(
    'WORKFLOW_FAILED',
    `What workflow '${workflow.name}' returned does not match its output schema: ${problems}.`,
  );
}

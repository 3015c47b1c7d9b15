import type { Squad } from '../squads/squad.ts';
import { traceparentOf } from '../telemetry/trace-context.ts';
import { convoySignal } from '../work/convoy.ts';
import type { ConvoyItemInput, ConvoyOptions, ConvoyResult } from '../work/convoy-request.ts';
import { derivedId } from './approval-step.ts';
import type { StepSettings } from './effect.ts';
import type { Run } from './run.ts';
import { runStep, waitStep } from './steps.ts';

/** A convoy that a workflow asks for. */
export interface AskedConvoy {
  readonly tenant: string;
  readonly userId: string | null;
  /** As the execution pinned it. */
  readonly squad: Squad;
  readonly key: string;
  readonly items: readonly ConvoyItemInput[];
  readonly options: ConvoyOptions;
}

/** A convoy to be made; `id` follows from execution and step, so that it is made once. */
export interface ConvoyOrder extends AskedConvoy {
  readonly id: string;
  readonly executionId: string;
  /** Where its items go on in the trace of the execution. */
  readonly traceparent: string;
}

/** The port through which `squad.convoy` is filled. */
export interface ConvoyPort {
  /** Makes it, unless it was made before. Throws what is wrong with it. */
  create(order: ConvoyOrder): Promise<void>;
  /** What an ended convoy came to. */
  results(tenant: string, id: string): Promise<ConvoyResult>;
}

/**
 * `squad.convoy`: three steps. `<key>/start` makes the convoy, `<key>` waits for the signal that the commit of its end leaves,
 * `<key>/results` records what it came to, because a retry may change that later.
 */
export async function convoyStep(run: Run, asked: AskedConvoy, defaults: StepSettings): Promise<ConvoyResult> {
  const { key, tenant, items } = asked;
  const { convoys } = run.services;
  const id = derivedId(run.executionId, `convoy:${key}`);
  const traceparent = traceparentOf(run.trace.stepContext(key, 1));
  const order: ConvoyOrder = { ...asked, id, executionId: run.executionId, traceparent };
  await runStep(run, `${key}/start`, () => convoys.create(order), undefined, defaults);
  const wait = {
    key,
    type: 'wait',
    input: { keys: items.map((item) => item.key) },
    durationMs: null,
    signal: convoySignal(id),
    details: JSON.stringify({ signal: convoySignal(id), convoyId: id }),
  } as const;
  await waitStep(run, wait, () => null);
  return runStep(run, `${key}/results`, () => convoys.results(tenant, id), undefined, defaults);
}

/** The server as users start it, in front of a provider that bears only so much, with more to do than that. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { openAssembly } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import { Readiness } from '../../src/http/readiness.ts';
import { startServer } from '../../src/http/server.ts';
import { startModelServer } from '../../src/testing/model-server/model-server.ts';
import { LimitKeeper } from '../../src/testing/model-server/server-limits.ts';
import type { ServerLimits } from '../../src/testing/model-server/server-limits.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { childArgument, takeOrders, tell } from '../measure/child.ts';
import { fixedAdmission } from '../../src/flow/fixed-admission.ts';

export interface LimitedArgument {
  readonly folder: string;
  readonly limits: ServerLimits;
  readonly latencyMs: number;
  /** Calls at once, whatever comes back; null lets Squadra find out. */
  readonly fixed: number | null;
  readonly seconds: number;
  /** By what the limits are multiplied, and when. */
  readonly changes: readonly { readonly atSeconds: number; readonly by: number }[];
}

/** What the provider had seen by then. */
export interface LimitedSample {
  readonly atSeconds: number;
  readonly answered: number;
  readonly refused: number;
}

export type LimitedMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'measured'; readonly samples: readonly LimitedSample[] };

export type LimitedOrder = { readonly kind: 'go' };

/** Executions that are open at any time: always more than may be called for. */
const open = 300;
const sampleMs = 250;
/** Submissions at once. */
const mostAtOnce = 20;

const asking = defineWorkflow({
  name: 'asking',
  input: z.object({}),
  run: async ({ squad }) => (await squad.ask('tester', 'Hello.')).text,
});

const { folder, limits, latencyMs, fixed, seconds, changes } = childArgument<LimitedArgument>();
const keeper = new LimitKeeper({ ...limits });
const model = await startModelServer({
  limits: keeper,
  keepCalls: false,
  defaults: { latencyMs, chunks: 1, textLength: 40 },
});
const assembly = await openAssembly(
  {
    stateDir: folder,
    workflows: [asking],
    squads: [{ name: 'one', members: [{ role: 'tester' }] }],
    settings: {
      host: '127.0.0.1',
      port: 0,
      openaiBaseUrl: model.url,
      openaiApiKey: 'key',
      agentRateLimitPerMinute: 0,
      // Others are measured beside it.
      maxLoopDelay: 0,
      shutdownGrace: 0,
      logLevel: 'silent',
    },
  },
  {
    command: 'serve',
    readSettings: (overrides) => readSettings({}, overrides),
    ...(fixed === null ? {} : { openAdmission: () => fixedAdmission(fixed) }),
  },
);
const server = await startServer({ ...assembly, readiness: new Readiness() }, assembly.settings);
tell<LimitedMessage>({ kind: 'ready' });

takeOrders<LimitedOrder>(async () => {
  const over = new AbortController();
  const [samples] = await Promise.all([measure().finally(() => over.abort()), demand(over.signal)]);
  tell<LimitedMessage>({ kind: 'measured', samples });
  await server.close();
  await assembly.squadra[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
  return true;
});

async function measure(): Promise<LimitedSample[]> {
  const begun = performance.now();
  const samples: LimitedSample[] = [];
  const left = [...changes];
  for (let turn = 1; ; turn += 1) {
    const atSeconds = (performance.now() - begun) / 1e3;
    samples.push({ atSeconds, answered: keeper.ended, refused: keeper.refused });
    if (atSeconds >= seconds) return samples;
    const change = left[0];
    if (change !== undefined && atSeconds >= change.atSeconds) {
      left.shift();
      for (const [kind, value] of Object.entries(keeper.limits))
        Object.assign(keeper.limits, { [kind]: value * change.by });
    }
    await pause(Math.max(0, begun + turn * sampleMs - performance.now()));
  }
}

/** Keeps so many executions open. */
async function demand(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { running, ready, sleeping } = assembly.squadra.statistics().engine;
    const missing = open - running - ready - sleeping;
    await Promise.all(Array.from({ length: Math.max(0, Math.min(missing, mostAtOnce)) }, submit));
    if (missing <= mostAtOnce) await pause(sampleMs);
  }
}

async function submit(): Promise<void> {
  const response = await fetch(`${server.url}/api/v1/executions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ squad: 'one', workflow: 'asking', input: {} }),
  });
  await response.text();
  if (response.status !== 202) throw new Error(`The submission was answered ${response.status}.`);
}

import { z } from 'zod';
import type { Admission } from '../../../src/flow/admission.ts';
import { startModelServer } from '../../../src/testing/model-server/model-server.ts';
import { LimitKeeper } from '../../../src/testing/model-server/server-limits.ts';
import type { ServerLimits } from '../../../src/testing/model-server/server-limits.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { openTestServer } from '../../support/http-server.ts';

const asking = defineWorkflow({
  name: 'asking',
  input: z.object({ message: z.string() }),
  run: async ({ input, squad }) => (await squad.ask('tester', input.message)).text,
});

/** How one stretch of calls went. */
export interface Measured {
  /** Answered calls, and their tokens, in a second. */
  readonly callsPerSecond: number;
  readonly tokensPerSecond: number;
  /** Of all that reached the provider. */
  readonly refusedShare: number;
}

export interface Measurement {
  readonly limits: ServerLimits;
  readonly latencyMs?: number;
  /** What is in place of the gate that ships. */
  readonly admission?: Admission;
  /** Calls before those that are measured, and those. */
  readonly warm: number;
  readonly measured: number;
}

/** Hands executions of one call each to the server over HTTP, more than the provider can bear, and watches the provider. */
export async function measure({ limits, latencyMs = 100, admission, warm, measured }: Measurement): Promise<Measured> {
  const keeper = new LimitKeeper({ ...limits });
  await using model = await startModelServer({
    limits: keeper,
    keepCalls: false,
    defaults: { latencyMs, chunks: 1, textLength: 40 },
  });
  await using server = await openTestServer(
    {
      workflows: [asking],
      squads: [{ name: 'one', members: [{ role: 'tester' }] }],
      settings: {
        logLevel: 'silent',
        openaiBaseUrl: model.url,
        openaiApiKey: 'key',
        agentRateLimitPerMinute: 0,
        shutdownGrace: 0,
      },
    },
    admission === undefined ? {} : { openAdmission: () => admission },
  );
  const submit = async (): Promise<void> => {
    const body = { squad: 'one', workflow: 'asking', input: { message: 'Hello.' } };
    const { status } = await server.ask('/executions', { body });
    if (status !== 202) throw new Error(`The submission was answered ${status}.`);
  };
  // Those who are watched need not wait for the last submission.
  const warmed = keeper.reached(warm).then(() => stamp(keeper));
  const measuredAll = keeper.reached(warm + measured).then(() => stamp(keeper));
  const submissions = warm + measured + 300;
  for (let sent = 0; sent < submissions; sent += 50) await Promise.all(Array.from({ length: 50 }, submit));
  const before = await warmed;
  const after = await measuredAll;
  const seconds = (after.at - before.at) / 1e3;
  const calls = after.ended - before.ended;
  const refused = after.refused - before.refused;
  return {
    callsPerSecond: calls / seconds,
    tokensPerSecond: (after.acceptedTokens - before.acceptedTokens) / seconds,
    refusedShare: refused / (calls + refused),
  };
}

function stamp({ ended, acceptedTokens, refused }: LimitKeeper) {
  return { at: performance.now(), ended, acceptedTokens, refused };
}

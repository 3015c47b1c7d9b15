import { describe, expect, it } from 'vitest';
import type { ServerLimits } from '../../../src/testing/model-server/server-limits.ts';
import { fixedAdmission } from '../../../src/flow/fixed-admission.ts';
import { HiddenProvider } from './hidden-provider.ts';
import type { Stretch } from './hidden-provider.ts';

interface Case {
  readonly what: string;
  readonly limits: ServerLimits;
  /** Until it is measured: the first calls are too many and, past a knee, take seconds. */
  readonly warmMs: number;
  /** How much of what the limit permits got through. */
  readonly used: (stretch: Stretch) => number;
}

const tokensPerMinute = 1_300_000;
const ofCalls = ({ callsPerSecond }: Stretch): number => callsPerSecond / 50;

/** Calls take a fifth of a second, so each of these lets fifty through in a second, or as many as it has tokens for. */
const cases: readonly Case[] = [
  { what: 'calls at once', limits: { atOnce: 10 }, warmMs: 6_000, used: ofCalls },
  { what: 'requests in a minute', limits: { requestsPerMinute: 3_000 }, warmMs: 6_000, used: ofCalls },
  {
    what: 'tokens in a minute',
    limits: { tokensPerMinute },
    warmMs: 6_000,
    used: ({ tokensPerSecond }) => tokensPerSecond / (tokensPerMinute / 60),
  },
  { what: 'latency, past a knee', limits: { knee: 10 }, warmMs: 15_000, used: ofCalls },
];

/** The server that ships, over HTTP, in front of a provider that bears less than it is asked for. */
describe.each(cases)('a provider with a limit of $what', ({ limits, warmMs, used }) => {
  it('is used to nine tenths, turns away less than one in a hundred, and so again ten seconds after it changed', async () => {
    await using provider = await HiddenProvider.open({ limits, calls: 1_700 });
    await provider.during(warmMs);
    const steady = await provider.during(6_000);
    scale(provider.limits, 0.5);
    await provider.during(10_000);
    const halved = twice(await provider.during(3_000));
    scale(provider.limits, 2);
    await provider.during(10_000);
    const doubled = await provider.during(3_000);
    expect(faults({ steady, halved, doubled }, used)).toEqual([]);
  });

  it('is not, with nothing in front of it', async () => {
    await using provider = await HiddenProvider.open({ limits, calls: 200, admission: fixedAdmission(2_000) });
    const stretch = await provider.during(3_000);
    expect(faults({ stretch }, used)).not.toEqual([]);
  });
});

function scale(limits: ServerLimits, by: number): void {
  for (const [kind, value] of Object.entries(limits)) Object.assign(limits, { [kind]: value * by });
}

/** As a share of half of the limit. */
function twice({ callsPerSecond, tokensPerSecond, refusedShare }: Stretch): Stretch {
  return { callsPerSecond: 2 * callsPerSecond, tokensPerSecond: 2 * tokensPerSecond, refusedShare };
}

function faults(stretches: Readonly<Record<string, Stretch>>, used: Case['used']): readonly string[] {
  return Object.entries(stretches).flatMap(([when, stretch]) => [
    ...(used(stretch) >= 0.9 ? [] : [`${when}: ${used(stretch).toFixed(2)} of the limit is used`]),
    // One look at whether there is more falls into three seconds, and they have too few calls to tell one in a hundred.
    ...(stretch.refusedShare < (when === 'halved' || when === 'doubled' ? 0.03 : 0.01)
      ? []
      : [`${when}: ${stretch.refusedShare.toFixed(3)} are turned away`]),
  ]);
}

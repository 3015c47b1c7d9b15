import { join } from 'node:path';
import type { ServerLimits } from '../../src/testing/model-server/server-limits.ts';
import type { LimitedArgument, LimitedMessage, LimitedSample } from '../children/limited.ts';
import { Child } from '../measure/child.ts';
import { answeredPerSecond, recoverySeconds, refusedPerSecond, refusedShare } from '../measure/limited.ts';
import { atLeast, below, figure } from '../report/figure.ts';
import type { Figure } from '../report/figure.ts';
import type { Plot } from '../report/plot.ts';
import type { Measured, RunOptions } from '../scenario.ts';

const latencyMs = 400;
/** Each of them lets about 50 calls a second through. */
const hidden: readonly { readonly what: string; readonly limits: ServerLimits }[] = [
  { what: 'calls at once', limits: { atOnce: 20 } },
  { what: 'requests a minute', limits: { requestsPerMinute: 3_000 } },
  { what: 'tokens a minute', limits: { tokensPerMinute: 1_300_000 } },
  { what: 'latency past a knee', limits: { knee: 20 } },
];
const fixedSettings = [2, 5, 10, 20, 40, 80];
/** Of what the best fixed setting gets through. */
const share = 0.9;

/** What is looked at when, in seconds since the first call. */
interface Course {
  readonly fixed: { readonly from: number; readonly to: number };
  readonly learnt: { readonly from: number; readonly halved: number; readonly doubled: number; readonly to: number };
}

const course: Course = { fixed: { from: 8, to: 18 }, learnt: { from: 60, halved: 80, doubled: 100, to: 120 } };
const quickCourse: Course = { fixed: { from: 3, to: 6 }, learnt: { from: 4, halved: 8, doubled: 12, to: 16 } };

const fixedWarmSeconds = 8;

type Samples = readonly LimitedSample[];

interface Swept {
  readonly what: string;
  readonly limits: ServerLimits;
  readonly rates: readonly { readonly places: number; readonly perSecond: number }[];
  readonly best: { readonly places: number; readonly perSecond: number };
}

/** Providers that bear only so much: what Squadra finds out about them, beside settings that somebody fixed. */
export async function limiter({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const { fixed, learnt } = isQuick ? quickCourse : course;
  const swept: Swept[] = [];
  for (const { what, limits } of hidden) {
    const one = await sweep(what, limits, folder, fixed);
    progress(`${what}: ${one.rates.map(({ places, perSecond }) => `${places}: ${perSecond.toFixed(1)}/s`).join(', ')}`);
    swept.push(one);
  }
  const found = await Promise.all(hidden.map(({ what, limits }) => changing(join(folder, what), limits, null, learnt)));
  // Apart: one that is turned away eight hundred times a second leaves the others no machine.
  const limits = hidden[0]?.limits ?? {};
  const [five, twenty] = await Promise.all(
    [5, 20].map((places) => changing(join(folder, `changing-${places}`), limits, places, learnt)),
  );
  return {
    settings: { 'model latency in ms': latencyMs, 'fixed settings': fixedSettings.join(', '), 'executions open': 300 },
    figures: [
      ...swept.flatMap((one, place) => learntFigures(one, found[place] ?? [], learnt)),
      ...swept.flatMap(sweepFigures),
    ],
    plots: [plotOf({ learnt: found[0] ?? [], five: five ?? [], twenty: twenty ?? [] }, learnt)],
    notes: [
      'The server runs as it is installed, in a process of its own, and calls the model server over HTTP; up to six such pairs run side by side.',
      `Recovery: until, over three seconds, ${share * 100} % of what the best fixed setting gets through is answered; of half of that while the limit is half.`,
      'A fixed setting does not read what the provider tells of its rates, and one that is turned away comes back at once.',
    ],
  };
}

async function sweep(
  what: string,
  limits: ServerLimits,
  folder: string,
  { from, to }: Course['fixed'],
): Promise<Swept> {
  const rates = await Promise.all(
    fixedSettings.map(async (places) => {
      const state = join(folder, `${what}-${places}`);
      const samples = await run({ folder: state, limits, latencyMs, fixed: places, seconds: to, changes: [] });
      return { places, perSecond: answeredPerSecond(samples, from, to) };
    }),
  );
  const best = rates.reduce((most, rate) => (rate.perSecond > most.perSecond ? rate : most));
  return { what, limits, rates, best };
}

/** Halves the limit and doubles it again. A fixed setting learns nothing: its first minute is left out. */
async function changing(
  folder: string,
  limits: ServerLimits,
  places: number | null,
  { from, halved, doubled, to }: Course['learnt'],
): Promise<Samples> {
  const skipped = places === null ? 0 : Math.max(0, from - fixedWarmSeconds);
  const changes = [
    { atSeconds: halved - skipped, by: 0.5 },
    { atSeconds: doubled - skipped, by: 2 },
  ];
  const samples = await run({ folder, limits, latencyMs, fixed: places, seconds: to - skipped, changes });
  return samples.map((sample) => ({ ...sample, atSeconds: sample.atSeconds + skipped }));
}

async function run(argument: LimitedArgument): Promise<Samples> {
  await using child = new Child<LimitedMessage>('children/limited', argument);
  await child.next('ready');
  child.send({ kind: 'go' });
  const { samples } = await child.next('measured');
  await child.exited();
  return samples;
}

function learntFigures({ what, best }: Swept, samples: Samples, times: Course['learnt']): readonly Figure[] {
  const { from, halved, doubled, to } = times;
  const perSecond = share * best.perSecond;
  return [
    figure(
      `${what}: share of the best fixed setting`,
      '',
      answeredPerSecond(samples, from, halved) / best.perSecond,
      atLeast(share),
    ),
    figure(`${what}: turned away after the first minute`, '%', 100 * refusedShare(samples, from, halved), below(1)),
    figure(
      `${what}: recovery after the limit halved`,
      's',
      recoverySeconds(samples, { from: halved, to: doubled, perSecond: perSecond / 2 }),
      below(10),
    ),
    figure(
      `${what}: recovery after it doubled`,
      's',
      recoverySeconds(samples, { from: doubled, to, perSecond }),
      below(10),
    ),
  ];
}

function sweepFigures({ what, rates, best }: Swept): readonly Figure[] {
  const beside = rates.filter(({ places }) => places === 5 || places === 20);
  return [
    figure(`${what}: the best fixed setting, ${best.places} at once`, '/s', best.perSecond),
    ...beside.map(({ places, perSecond }) => figure(`${what}: fixed at ${places}`, '/s', perSecond)),
  ];
}

/** Seconds that one point stands for. */
const pointSeconds = 2;

function plotOf(runs: Readonly<Record<'learnt' | 'five' | 'twenty', Samples>>, times: Course['learnt']): Plot {
  const line = (label: string, samples: Samples, what: typeof answeredPerSecond) => ({
    label,
    unit: 'calls/s',
    points: Array.from({ length: Math.floor(times.to / pointSeconds) }, (_, place) => place * pointSeconds)
      .filter((from) => from >= (samples[0]?.atSeconds ?? 0))
      .map((from) => [from + pointSeconds, what(samples, from, from + pointSeconds)] as const),
  });
  return {
    kind: 'lines',
    name: 'limiter',
    title: `A provider that bears 20 calls at once; after ${times.halved} s 10, after ${times.doubled} s 20 again`,
    xUnit: 's',
    sharesScale: true,
    lines: [
      line('answered, learnt', runs.learnt, answeredPerSecond),
      line('answered, fixed at 5', runs.five, answeredPerSecond),
      line('answered, fixed at 20', runs.twenty, answeredPerSecond),
      line('turned away, learnt', runs.learnt, refusedPerSecond),
      line('turned away, fixed at 20', runs.twenty, refusedPerSecond),
    ],
  };
}

import type { LimitedSample } from '../children/limited.ts';

type Samples = readonly LimitedSample[];

/** Calls that were answered in a second, between two times in seconds. */
export function answeredPerSecond(samples: Samples, from: number, to: number): number {
  const { answered, seconds } = between(samples, from, to);
  return answered / seconds;
}

/** Calls that were turned away in a second, between two times in seconds. */
export function refusedPerSecond(samples: Samples, from: number, to: number): number {
  const { refused, seconds } = between(samples, from, to);
  return refused / seconds;
}

/** Of the calls that reached the provider between two times, those that it turned away. */
export function refusedShare(samples: Samples, from: number, to: number): number {
  const { refused, answered } = between(samples, from, to);
  return refused / Math.max(1, refused + answered);
}

/** Calls are answered in bunches: over so many seconds they make a rate. */
const spanSeconds = 3;

/** Seconds from `from` until so many calls a second are answered; all the time until `to` where they never are. */
export function recoverySeconds(
  samples: Samples,
  { from, to, perSecond }: { readonly from: number; readonly to: number; readonly perSecond: number },
): number {
  const found = samples.find(
    ({ atSeconds: at }) =>
      at >= from && at + spanSeconds <= to && answeredPerSecond(samples, at, at + spanSeconds) >= perSecond,
  );
  return (found?.atSeconds ?? to) - from;
}

function between(samples: Samples, from: number, to: number) {
  const [before, after] = [sampleAt(samples, from), sampleAt(samples, to)];
  return {
    answered: after.answered - before.answered,
    refused: after.refused - before.refused,
    seconds: after.atSeconds - before.atSeconds,
  };
}

/** The first one from then on, or the last that there is. */
function sampleAt(samples: Samples, atSeconds: number): LimitedSample {
  const found = samples.find((sample) => sample.atSeconds >= atSeconds) ?? samples.at(-1);
  if (found === undefined) throw new Error('Nothing was sampled.');
  return found;
}

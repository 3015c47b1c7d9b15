import type { CallLogLine } from '../../src/testing/model-server/served-call.ts';
import { chaosPaths, readLines } from './logs.ts';
import type { AckLine, EffectLine, LifeLine, Stamped } from './logs.ts';
import { readState } from './state.ts';
import type { State } from './state.ts';

/** Everything a run left behind. */
export interface Evidence {
  readonly state: State;
  readonly lives: readonly Stamped<LifeLine>[];
  readonly acks: readonly Stamped<AckLine>[];
  readonly effects: readonly Stamped<EffectLine>[];
  readonly calls: readonly CallLogLine[];
}

export function readEvidence(folder: string): Evidence {
  const paths = chaosPaths(folder);
  return {
    state: readState(paths.database),
    lives: readLines<LifeLine>(paths.lives),
    acks: readLines<AckLine>(paths.acks),
    effects: readLines<EffectLine>(paths.effects),
    calls: readLines<CallLogLine>(paths.calls),
  };
}

/** Something that may not happen, and every place where it did. */
export interface Check {
  readonly name: string;
  readonly found: readonly string[];
}

/** Something that was counted. */
export interface Figure {
  readonly name: string;
  readonly count: number;
}

/** The lines of one kind. */
export function only<Line extends { readonly event: string }, Event extends Line['event']>(
  lines: readonly Line[],
  event: Event,
): (Line & { readonly event: Event })[] {
  return lines.filter((line): line is Line & { readonly event: Event } => line.event === event);
}

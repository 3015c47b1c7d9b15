import { readFileSync } from 'node:fs';
import type { Evidence } from '../evidence.ts';
import type { AckLine, EffectLine, Stamped } from '../logs.ts';
import { readLines } from '../logs.ts';
import { fleetPaths, readAll } from './paths.ts';
import type { BareLine, CommitLine, FaultLine, FollowLine } from './paths.ts';
import { unpack } from './state.ts';
import type { FleetState, StoredState } from './state.ts';
import type { CallLogLine } from '../../../src/testing/model-server/served-call.ts';

type By<Line> = Stamped<Line> & { readonly process: string };

/** Everything that a run of a fleet left behind. */
export interface FleetEvidence extends Omit<Evidence, 'state' | 'lives'> {
  readonly state: FleetState;
  readonly effects: readonly By<EffectLine>[];
  readonly commits: readonly By<CommitLine>[];
  readonly follows: readonly Stamped<FollowLine>[];
  readonly faults: readonly Stamped<FaultLine>[];
  readonly bare: BareLine | null;
}

export function readFleetEvidence(folder: string): FleetEvidence {
  const paths = fleetPaths(folder);
  // Written by this folder's verdict.
  const state = JSON.parse(readFileSync(paths.state, 'utf8')) as StoredState;
  return {
    state: unpack(state),
    acks: readLines<AckLine>(paths.acks),
    calls: readLines<CallLogLine>(paths.calls),
    effects: readAll<EffectLine>(folder, 'effects'),
    commits: readAll<CommitLine>(folder, 'commits'),
    follows: readLines<FollowLine>(paths.follows),
    faults: readLines<FaultLine>(paths.faults),
    bare: readLines<BareLine>(paths.bare)[0] ?? null,
  };
}

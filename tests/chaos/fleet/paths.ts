import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { chaosPaths, readLines } from '../logs.ts';
import type { Stamped } from '../logs.ts';

/** What a process was about to commit, or heard that it is stored: of which claim, and which step records. */
export type CommitLine =
  | { readonly event: 'claimed'; readonly id: string; readonly epoch: number }
  | {
      readonly event: 'announced' | 'stored';
      readonly id: string;
      readonly epoch: number;
      /** `<key> <phase> <attempt>` */
      readonly records: readonly string[];
    };

/** What a follower heard of an execution from its beginning to its end. */
export interface FollowLine {
  readonly event: 'followed';
  readonly id: string;
  /** `<seq> <kind> <what>` */
  readonly told: readonly string[];
}

/** What the rig did to the fleet, and what it saw of it. */
export interface FaultLine {
  readonly event:
    | 'load begins'
    | 'load ends'
    | 'fault'
    | 'healed'
    | 'working'
    | 'died'
    | 'start failed'
    | 'stopped'
    | 'not stopped'
    | 'settled'
    | 'not settled';
  /** Which kind of fault, or whom it is about. */
  readonly what: string;
}

/** What was measured before anything was broken. */
export interface BareLine {
  readonly event: 'bare';
  readonly perSecond: number;
  /** What the clients offer. */
  readonly offered: number;
}

/** The files of a run. */
export function fleetPaths(folder: string) {
  const { acks, calls, codeCache } = chaosPaths(folder);
  return {
    acks,
    calls,
    codeCache,
    state: join(folder, 'state.json'),
    follows: join(folder, 'follows.jsonl'),
    faults: join(folder, 'faults.jsonl'),
    bare: join(folder, 'bare.jsonl'),
    servers: join(folder, 'servers'),
    effects: (process: string) => join(folder, `effects-${process}.jsonl`),
    commits: (process: string) => join(folder, `commits-${process}.jsonl`),
    said: (process: string) => join(folder, `said-${process}.log`),
  };
}

/** The lines that all processes wrote to files of one kind, by time, and who wrote each. */
export function readAll<Line>(
  folder: string,
  kind: 'effects' | 'commits',
): (Stamped<Line> & { readonly process: string })[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}-`))
    .flatMap((name) => {
      const process = name.slice(kind.length + 1, -'.jsonl'.length);
      return readLines<Line>(join(folder, name)).map((line) => ({ ...line, process }));
    })
    .toSorted((one, other) => one.at - other.at);
}

/**
 * What the processes of a chaos run leave behind, one JSON line per event. A line is in the kernel's hands before the
 * writer goes on, so a kill takes none away that was written; nothing here has to survive the machine.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../src/index.ts';

/** How an execution may end. */
export type End = 'completed' | 'failed' | 'cancelled';

/** How a job has to end; `any` way is right where a cancel may come too late. */
export type Fate = End | 'any';

/** What the worker is about to submit; with the same key it is the same submission. */
export interface Offer {
  readonly key: string;
  readonly job: string;
  readonly input: Json;
}

/** What Squadra acknowledged to the worker, written after the acknowledgement; but an offer comes before. */
export type AckLine =
  | ({ readonly event: 'offered' } & Offer)
  | {
      readonly event: 'accepted';
      readonly id: string;
      readonly job: string;
      readonly key: string | null;
      readonly end: Fate;
    }
  | { readonly event: 'started' | 'cancelled' | 'retried'; readonly id: string }
  | { readonly event: 'signalled'; readonly id: string; readonly name: string; readonly payload: string }
  | { readonly event: 'approved'; readonly id: string; readonly approval: string; readonly choice: string }
  | { readonly event: 'outcome'; readonly id: string; readonly status: End; readonly output: string | null }
  | { readonly event: 'surprise'; readonly doing: string; readonly error: string };

/** What steps and calls did to the world outside, and what was handed to a workflow. Attempts are counted from 1. */
export type EffectLine =
  | { readonly event: 'life'; readonly life: number }
  | { readonly event: 'begun' | 'ended'; readonly id: string; readonly step: string; readonly attempt: number }
  /** A tool had its effect. */
  | { readonly event: 'made'; readonly id: string; readonly step: string; readonly tool: string }
  | { readonly event: 'delivered'; readonly id: string; readonly step: string; readonly result: string }
  | { readonly event: 'leaving' | 'settled'; readonly id: string; readonly step: string; readonly attempt: number };

/** What the parent did to the worker. */
export interface LifeLine {
  readonly event: 'spawned' | 'working' | 'killed' | 'stopping' | 'exited' | 'died';
  readonly life: number;
}

/** Every line knows when it was written: epoch milliseconds. */
export type Stamped<Line> = Line & { readonly at: number };

/** The files of a run. */
export function chaosPaths(folder: string) {
  return {
    state: join(folder, 'state'),
    database: join(folder, 'state', 'squadra.db'),
    acks: join(folder, 'acks.jsonl'),
    effects: join(folder, 'effects.jsonl'),
    lives: join(folder, 'lives.jsonl'),
    calls: join(folder, 'calls.jsonl'),
    codeCache: join(folder, 'code-cache'),
  };
}

/** Appends lines to a file, each before it returns. */
export class LineLog<Line extends object> implements Disposable {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify({ at: Date.now(), ...line })}\n`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** The lines of a file in the order of writing; none when nobody wrote. */
export function readLines<Line>(path: string): Stamped<Line>[] {
  if (!existsSync(path)) return [];
  // Only the programs of this folder write these files.
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Stamped<Line>);
}

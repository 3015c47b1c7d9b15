import type { ExecutionSummary, MessageDocument } from '../../../src/client.ts';
import { textSoFar, withPiece } from './live-text.ts';
import type { LiveText, TextPiece } from './live-text.ts';
import { failureOf } from './failure.ts';
import type { Failure } from './failure.ts';
import { afterEvent, newStep } from './step-story.ts';
import type { StepEvent, StepStory } from './step-story.ts';

export type Status = ExecutionSummary['status'];

/** A change of the execution's status. */
export interface StatusEvent {
  readonly seq: number;
  readonly status: Status;
  readonly createdAt: string;
  readonly reason?: string | null;
  readonly error?: unknown;
  readonly output?: unknown;
}

/** How an execution stands by its events. */
export interface StatusStory {
  readonly status: Status;
  readonly at: number;
  readonly reason: string | null;
  readonly error: Failure | null;
}

/**
 * What happened in an execution, put together from its events (docs/streaming.md).
 *
 * S1  An event counts once: those with a `seq` that was heard are left out, so that a stream may begin anywhere.
 * S2  Live text is gone as soon as what it became is stored: the answer, or the end of its attempt.
 * S3  What did not change stays the same object, so that only what changed is drawn again.
 */
export class Story {
  readonly messages: MessageDocument[] = [];
  readonly steps = new Map<string, StepStory>();
  readonly live = new Map<string, LiveText>();
  readonly statuses: StatusStory[] = [];
  /** The highest `seq` that was heard; 0 before the first. */
  lastSeq = 0;
  /** When the newest of them was stored; epoch milliseconds. */
  #toldAt: number | null = null;

  get status(): StatusStory | null {
    return this.statuses.at(-1) ?? null;
  }

  message(message: MessageDocument): void {
    if (!this.#isNew(message)) return;
    this.messages.push(message);
    if (message.stepKey !== null) this.live.delete(message.stepKey);
  }

  statusChange(event: StatusEvent): void {
    if (!this.#isNew(event)) return;
    const { status, createdAt, reason, error } = event;
    this.statuses.push({
      status,
      at: Date.parse(createdAt),
      reason: reason ?? null,
      error: failureOf(error),
    });
    if (status !== 'running' && status !== 'waiting') this.live.clear();
  }

  step(event: StepEvent): void {
    const before = this.#toldAt;
    if (!this.#isNew(event)) return;
    this.steps.set(event.key, afterEvent(this.steps.get(event.key) ?? newStep(event, before), event));
    if (event.phase === 'failed' || event.phase === 'completed') this.live.delete(event.key);
  }

  textSoFar(piece: TextPiece): void {
    if (this.#isOver(piece)) return;
    this.live.set(piece.stepKey, textSoFar(this.live.get(piece.stepKey), piece));
  }

  textDelta(piece: TextPiece): void {
    if (this.#isOver(piece)) return;
    this.live.set(piece.stepKey, withPiece(this.live.get(piece.stepKey), piece));
  }

  /** Of an attempt that has ended nothing more is said, whatever is still on its way. */
  #isOver({ stepKey, attempt }: TextPiece): boolean {
    const tries = this.steps.get(stepKey)?.tries ?? [];
    return tries.some(({ number, endedAt }) => number >= attempt && endedAt !== null);
  }

  #isNew({ seq, createdAt }: { readonly seq: number; readonly createdAt: string }): boolean {
    if (seq <= this.lastSeq) return false;
    this.lastSeq = seq;
    this.#toldAt = Date.parse(createdAt);
    return true;
  }
}

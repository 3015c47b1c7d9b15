import type { Bus, LiveEvent, TextDelta, TextSoFar } from '../bus/bus.ts';
import type { LiveText } from '../bus/live-text.ts';
import type { StoredEvent } from './events.ts';

type LiveTextEvent = TextDelta | TextSoFar;

/** Pieces kept for a slow reader; after that it gets what the calls have said so far instead. */
const maxPieces = 200;

/**
 * What the bus brings of one execution while nobody looks.
 *
 * F1  Between two calls of `take` no text is lost: what does not fit is made up for by what the calls have said so far.
 * F2  Text of an attempt is never given after the record that ends it, also when it was slower on its way from another process.
 */
export class LiveFeed {
  /** Whether something was committed since this was last set to false. */
  isStale = true;
  #isClosed = false;
  /** Whether pieces were missed. */
  #isBehind = false;
  #pieces: LiveTextEvent[];
  #wake: () => void = () => {};
  /** The last attempt of each step whose end was given. */
  readonly #ended = new Map<string, number>();
  readonly #bus: Bus;
  readonly #liveText: LiveText;
  readonly #id: string;
  readonly #unsubscribe: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#wake();

  constructor(bus: Bus, liveText: LiveText, id: string, signal: AbortSignal | undefined) {
    this.#bus = bus;
    this.#liveText = liveText;
    this.#id = id;
    this.#signal = signal;
    this.#pieces = [...liveText.soFar(id)];
    this.#unsubscribe = bus.subscribe(id, (event) => this.#hear(event));
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** Nothing more will be heard. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when there is something to look at, or when nobody wants to any more. */
  async next(): Promise<'news' | 'aborted'> {
    if (!this.isStale && !this.#isClosed && this.#pieces.length === 0 && this.#signal?.aborted !== true)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#signal?.aborted === true ? 'aborted' : 'news';
  }

  /** The text that came since the last look; at first, and after pieces were missed, with what each call in flight had said. */
  take(): readonly LiveTextEvent[] {
    if (this.#isBehind) {
      const soFar = this.#liveText.soFar(this.#id);
      this.#isBehind = false;
      this.#pieces = [];
      // What calls in other processes have said comes later.
      this.#bus.askSoFar(this.#id);
      return soFar;
    }
    const pieces = this.#pieces;
    if (pieces.length > 0) this.#pieces = [];
    return pieces;
  }

  /** The text that came of the attempt which this event ends; nobody gets it later. */
  takeEndedBy(event: StoredEvent): readonly LiveTextEvent[] {
    if (event.event !== 'step' || (event.phase !== 'completed' && event.phase !== 'failed')) return [];
    if (event.type === 'model') this.#ended.set(event.key, event.attempt);
    const isEnded = ({ stepKey, attempt }: LiveTextEvent): boolean => stepKey === event.key && attempt <= event.attempt;
    const taken = this.#pieces.filter(isEnded);
    if (taken.length > 0) this.#pieces = this.#pieces.filter((piece) => !isEnded(piece));
    return taken;
  }

  close(): void {
    this.#unsubscribe();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #hear(event: LiveEvent): void {
    if (event.kind === 'committed' || event.kind === 'unsure') this.isStale = true;
    else if (event.kind === 'closed') this.#isClosed = true;
    else if (this.#isBehind || event.delta.attempt <= (this.#ended.get(event.delta.stepKey) ?? 0)) return;
    else if (this.#pieces.length < maxPieces) this.#pieces.push(event.delta);
    else this.#isBehind = true;
    this.#wake();
  }
}

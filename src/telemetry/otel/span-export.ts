import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { TracingStatistics } from '../tracing.ts';

/** Spans that wait at most; more are dropped. About 2 KB each. */
const maxWaiting = 8_192;
/** Spans of one request to the collector. */
const maxBatch = 512;
/** How long a span waits for others to go with it: what a crash takes with it is no older. */
const delayMs = 500;
/** How long a stop waits for what is left to be sent. */
const flushMs = 2_000;

/**
 * Sends spans, a batch at a time.
 *
 * X1  Nobody waits for it: what does not fit is dropped and counted.
 * X2  One request is under way at a time, so a collector that hangs holds one batch and fills the queue.
 * X3  A batch that was not taken is not sent again here: the exporter tries as long as its time allows.
 */
export class SpanExport implements SpanProcessor {
  readonly #exporter: Pick<SpanExporter, 'export' | 'shutdown'>;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  #waiting: ReadableSpan[] = [];
  #sending: Promise<void> | null = null;
  #timer: Timer | null = null;
  #exported = 0;
  #dropped = 0;
  #isClosed = false;

  /** `onFailure` hears of a batch that was not taken. */
  constructor(exporter: Pick<SpanExporter, 'export' | 'shutdown'>, clock: Clock, onFailure: (error: unknown) => void) {
    this.#exporter = exporter;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#isClosed || this.#waiting.length >= maxWaiting) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= maxBatch) this.#send();
    else this.#timer ??= this.#clock.setTimer(delayMs, () => this.#send());
  }

  statistics(): TracingStatistics {
    return { exported: this.#exported, dropped: this.#dropped, waiting: this.#waiting.length };
  }

  /** Sends what waits, for as long as that takes. */
  async forceFlush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending !== null) {
      this.#send();
      await this.#sending;
    }
  }

  /** Sends what it can in a few seconds; the rest is dropped. */
  async shutdown(): Promise<void> {
    if (this.#isClosed) return;
    const { promise: isLate, resolve: giveUp } = Promise.withResolvers<void>();
    const late = this.#clock.setTimer(flushMs, giveUp);
    await Promise.race([this.forceFlush(), isLate]);
    late.cancel();
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
    await this.#exporter.shutdown();
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#sending !== null || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, maxBatch);
    this.#sending = this.#export(batch).finally(() => {
      this.#sending = null;
      if (this.#waiting.length > 0 && !this.#isClosed) this.#send();
    });
  }

  async #export(batch: ReadableSpan[]): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#exporter.export(batch, ({ code, error }) => {
          if (code === 0) resolve();
          else reject(error ?? new Error('The collector did not take the spans.'));
        });
      });
      this.#exported += batch.length;
    } catch (error) {
      this.#dropped += batch.length;
      this.#onFailure(error);
    }
  }
}

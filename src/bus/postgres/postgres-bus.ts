import type { Clock } from '../../kernel/clock.ts';
import { FleetBus } from '../fleet-bus.ts';
import type { OutgoingTold } from '../outgoing.ts';
import { readTold } from '../told.ts';
import type { BusDatabase } from './bus-database.ts';
import { LiveEvents } from './live-events.ts';
import { Polling } from './polling.ts';

export interface PostgresBusParts {
  readonly database: BusDatabase;
  readonly clock: Clock;
  /** The name of this process among those on this database: no other has it. */
  readonly process: string;
}

const sweepEveryMs = 5_000;

/**
 * The bus over a table of the database, which every process reads, 25 to 300 ms later.
 *
 * P1  Who neither listens nor runs calls does not ask the database for anything.
 * P2  While the database is away nobody is told `unsure`: nobody could look.
 */
export class PostgresBus extends FleetBus {
  readonly #events: LiveEvents;
  readonly #polling: Polling;
  #sweptAt: number;

  constructor({ database, clock, process }: PostgresBusParts) {
    super(clock);
    this.#sweptAt = clock.now();
    this.#events = new LiveEvents(database, process);
    this.#polling = new Polling({
      events: this.#events,
      clock,
      isListening: () => this.isListening,
      isSpeaking: () => this.isSpeaking,
      hear: (body, isOld) => this.hear(readTold(body), isOld),
      lost: () => this.doubt(),
      polled: () => {
        this.remind();
        return this.#sweep();
      },
    });
  }

  override close(): void {
    this.#polling.close();
    super.close();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#polling.ended();
    await super[Symbol.asyncDispose]();
  }

  protected override async send(outgoing: OutgoingTold): Promise<number> {
    await this.#events.write(outgoing);
    await this.#sweep().catch(() => {});
    return 1;
  }

  protected override wanting(): void {
    this.#polling.hurry();
  }

  async #sweep(): Promise<void> {
    const now = this.clock.now();
    if (this.#sweptAt > now - sweepEveryMs) return;
    this.#sweptAt = now;
    await this.#events.sweep();
  }
}

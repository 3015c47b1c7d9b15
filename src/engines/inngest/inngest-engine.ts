import { SquadraError } from '../../kernel/errors.ts';
import type { Order } from '../ordered/order.ts';
import { OrderedEngine } from '../ordered/ordered-engine.ts';
import type { OrderedEngineParts, OrderedEngineSettings } from '../ordered/ordered-engine.ts';

/** How the function goes on after a turn, as Inngest keeps it. */
export type Turn =
  | { readonly kind: 'done' }
  /** At once, unless somebody has claimed it since this epoch; null: in any case. */
  | { readonly kind: 'again'; readonly epoch: number | null }
  /** This process had no place for it, or is on its way out: the same once more, soon, wherever there is room. */
  | { readonly kind: 'elsewhere' }
  /** At a time (epoch ms), unless somebody has claimed it since this epoch. */
  | { readonly kind: 'wake'; readonly at: number; readonly epoch: number };

export type InngestEngineParts = Omit<OrderedEngineParts, 'follow'>;

/** Inngest sleeps for a week at least with any plan. */
const longestSleepMs = 6 * 24 * 60 * 60 * 1_000;
/** As much as two clocks may differ: what wakes too early by less is early because that of Inngest is ahead. */
const mostSkewMs = 60_000;

/**
 * The engine on Inngest: an order is carried out in turns, and what follows from one is answered; Inngest keeps it and calls again.
 * An order that was overtaken ends there: what overtook it is a function that Inngest carries on in its turn.
 */
export class InngestEngine extends OrderedEngine {
  readonly #parts: InngestEngineParts;

  constructor(settings: OrderedEngineSettings, parts: InngestEngineParts) {
    super(settings, { ...parts, follow: () => Promise.resolve() });
    this.#parts = parts;
  }

  /** A rejection means: give it again. */
  async perform(order: Order): Promise<Turn> {
    try {
      const early = order.epoch === null ? null : await this.#early(order, order.epoch);
      if (early !== null) return early;
      const next = await this.carryOut(order);
      if (next.kind === 'nothing' || next.kind === 'overtaken') return { kind: 'done' };
      if (next.kind === 'again') return { kind: 'again', epoch: null };
      return this.#wakeAt(next.at, next.epoch);
    } catch (error) {
      if (error instanceof SquadraError && error.code === 'SHUTTING_DOWN') return { kind: 'elsewhere' };
      throw error;
    }
  }

  /** A wake that comes before its time is no reason to run: it was cut short above, or the clock of Inngest is ahead of ours. */
  async #early({ tenant, id }: Order, epoch: number): Promise<Turn | null> {
    const found = await this.#parts.look(tenant, id);
    if (found === null || found.epoch !== epoch || found.status !== 'waiting' || found.wakeAt === null) return null;
    const earlyMs = found.wakeAt - this.#parts.clock.now();
    if (earlyMs <= 0) return null;
    return this.#wakeAt(found.wakeAt + (earlyMs < mostSkewMs ? earlyMs : 0), epoch);
  }

  #wakeAt(at: number, epoch: number): Turn {
    const now = this.#parts.clock.now();
    return at <= now ? { kind: 'again', epoch } : { kind: 'wake', at: Math.min(at, now + longestSleepMs), epoch };
  }
}

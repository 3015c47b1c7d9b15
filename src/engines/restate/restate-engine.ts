import type { Order } from '../ordered/order.ts';
import { OrderedEngine } from '../ordered/ordered-engine.ts';
import type { Next, OrderedEngineParts, OrderedEngineSettings } from '../ordered/ordered-engine.ts';

export interface RestateEngineParts extends Omit<OrderedEngineParts, 'follow'> {
  /** Gives Restate an order, to be carried out after so long. A wake of one epoch may be given twice: it is once in effect. */
  readonly order: (order: Order, delayMs: number) => Promise<void>;
}

/**
 * The engine on Restate. What follows from an order is ordered by another request: what a handler sends by itself Restate compares
 * with what it sent before it was interrupted, and a run that goes on elsewhere need not come out the same.
 */
export class RestateEngine extends OrderedEngine {
  constructor(settings: OrderedEngineSettings, { order, ...parts }: RestateEngineParts) {
    super(settings, {
      ...parts,
      follow: async ({ tenant, id, priority }, next: Next) => {
        if (next.kind === 'again') await order({ tenant, id, priority, epoch: null }, 0);
        else if (next.kind !== 'nothing')
          await order({ tenant, id, priority, epoch: next.epoch }, Math.max(0, next.at - parts.clock.now()));
      },
    });
  }

  /** Carries an order out. A rejection means: give it again, maybe elsewhere. */
  async perform(order: Order, gone?: AbortSignal): Promise<void> {
    await this.carryOut(order, gone);
  }
}

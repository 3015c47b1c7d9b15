import type { Inngest, InngestFunction } from 'inngest';
import type { Order } from '../ordered/order.ts';
import type { Turn } from './inngest-engine.ts';
import { appId, eventName, functionId, readOrderData, resumeFunctionId } from './inngest-order.ts';
import type { OrderData } from './inngest-order.ts';

/** Inngest takes a run of 1,000 steps; each turn is two at most. What goes on longer goes on in a run of its own. */
const maxTurns = 400;
/** As often as Inngest lets a step fail, over more than a day. After that comes the next turn: the run does not fail for it. */
const retries = 20;
/** Who found no place waits so long before it asks again: a place came free somewhere, or a worker has started. */
const elsewhereMs = 1_000;
const elsewhere: Turn = { kind: 'elsewhere' };

/**
 * What Inngest calls for executions.
 *
 * I1  Each turn is a step whose result says how the run goes on. Inngest keeps that, and calls no turn again that it has a result of.
 *     A turn whose result it did not get is called again: it begins with another claim, and the journal knows what was done.
 * I2  Of one execution one turn is called at a time, whichever run it belongs to. What sleeps holds up nobody.
 * I3  Who parks for a time sleeps for it in its own run, whatever else happens: a wake never depends on an event that may have come
 *     too early. It names its epoch, and where somebody has claimed the execution since the run ends.
 * I4  No run fails of itself. One that Inngest gives up all the same, as its workers died, or that somebody cancels there, is ordered
 *     again: only Squadra ends an execution.
 */
export function agentFunctions(client: Inngest, perform: (order: Order) => Promise<Turn>): InngestFunction.Like[] {
  const execute = client.createFunction(
    {
      id: functionId,
      name: 'Execute agent workflow',
      triggers: [{ event: eventName }],
      concurrency: [{ key: 'event.data.executionId', limit: 1 }],
      retries,
    },
    async ({ event, step }) => {
      let order: Order | null = readOrderData(event.data);
      if (order === null) return { ignored: 'This event is no order.' };
      for (let no = 1; no <= maxTurns; no++) {
        const given: Order = order;
        const turn: Turn = await step.run(`advance-${no}`, () => perform(given)).catch(() => elsewhere);
        if (turn.kind === 'done') return { turns: no };
        if (turn.kind === 'elsewhere') await step.sleep(`elsewhere-${no}`, elsewhereMs);
        else {
          if (turn.kind === 'wake') await step.sleepUntil(`wake-${turn.epoch}-${no}`, new Date(turn.at));
          order = { ...order, epoch: turn.epoch };
        }
      }
      await step.sendEvent('go-on', { name: eventName, data: orderAgain(event.data as OrderData, order.epoch) });
      return { turns: maxTurns };
    },
  );
  const isOurs = `event.data.function_id == '${appId}-${functionId}'`;
  const resume = client.createFunction(
    {
      id: resumeFunctionId,
      name: 'Order again what was given up',
      triggers: [
        { event: 'inngest/function.failed', if: isOurs },
        { event: 'inngest/function.cancelled', if: isOurs },
      ],
      retries,
    },
    async ({ event, step }) => {
      const { event: first } = event.data as { readonly event?: { readonly data?: unknown } };
      const order = readOrderData(first?.data);
      if (order === null) return;
      await step.sendEvent('order-again', { name: eventName, data: orderAgain(first?.data as OrderData, null) });
    },
  );
  return [execute, resume];
}

function orderAgain({ epoch: _, ...data }: OrderData, epoch: number | null): OrderData {
  return epoch === null ? data : { ...data, epoch };
}

import type { Order } from '../ordered/order.ts';

/** An order as it travels; the id is the key under which it does. */
export type SentOrder = Pick<Order, 'tenant' | 'priority' | 'epoch'>;

/** Of a virtual object and its handler, in Restate. */
export const handlerName = 'advance';

/** The name under which Restate knows executions. The same in all versions, so that who sleeps wakes in the newest one. */
export const objectName = 'squadra';

/** Checks what came over the network. Throws where it is no order. */
export function readOrder(id: string, given: unknown): Order {
  if (typeof given === 'object' && given !== null) {
    const { tenant, priority = 0, epoch = null } = given as Partial<Record<keyof SentOrder, unknown>>;
    if (typeof tenant === 'string' && typeof priority === 'number' && (epoch === null || typeof epoch === 'number'))
      return { id, tenant, priority, epoch };
  }
  throw new TypeError(`What was sent for execution ${id} is no order.`);
}

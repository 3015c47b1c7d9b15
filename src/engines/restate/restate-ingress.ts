import { SquadraError } from '../../kernel/errors.ts';
import type { HandedOver, Handover } from '../handover.ts';
import type { Order } from '../ordered/order.ts';
import { IngressConnection } from './ingress-connection.ts';
import { handlerName, objectName } from './order.ts';
import type { SentOrder } from './order.ts';

export interface RestateIngressSettings {
  readonly restateIngressUrl: readonly string[];
}

/** Hands executions to Restate: to the node that answered last, and where it does not answer, to the next one. */
export class RestateIngress implements Handover, Disposable {
  readonly #nodes: readonly IngressConnection[];
  #preferred = 0;

  constructor({ restateIngressUrl }: RestateIngressSettings) {
    this.#nodes = restateIngressUrl.map((url) => new IngressConnection(url));
  }

  hand({ tenant, id, priority, key }: HandedOver): Promise<void> {
    return this.#send({ tenant, id, priority, epoch: null }, key, '');
  }

  /** Orders that an execution is advanced again, after so long. For a wake of one epoch that is once in effect. */
  order(order: Order, delayMs: number): Promise<void> {
    const key = order.epoch === null ? null : `wake-${order.epoch}`;
    return this.#send(order, key, delayMs > 0 ? `?delay=${Math.ceil(delayMs)}ms` : '');
  }

  [Symbol.dispose](): void {
    for (const node of this.#nodes) node[Symbol.dispose]();
  }

  async #send({ tenant, id, priority, epoch }: Order, key: string | null, query: string): Promise<void> {
    const order: SentOrder = { tenant, priority, epoch };
    const path = `/${objectName}/${encodeURIComponent(id)}/${handlerName}/send${query}`;
    const body = JSON.stringify(order);
    const headers = key === null ? {} : { 'idempotency-key': key };
    const problems: unknown[] = [];
    const first = this.#preferred;
    for (const turn of this.#nodes.keys()) {
      const place = (first + turn) % this.#nodes.length;
      try {
        await this.#nodes[place]?.post(path, headers, body);
        this.#preferred = place;
        return;
      } catch (error) {
        problems.push(error);
      }
    }
    throw new SquadraError('INTERNAL', `Restate did not take execution ${id}: ${problems.map(String).join('; ')}`, {
      cause: problems.at(-1),
    });
  }
}

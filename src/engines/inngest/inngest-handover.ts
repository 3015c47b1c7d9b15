import type { Inngest } from 'inngest';
import type { Execution } from '../../work/execution.ts';
import type { HandedOver, Handover } from '../handover.ts';
import { eventName } from './inngest-order.ts';
import type { OrderData } from './inngest-order.ts';

export interface InngestHandoverParts {
  readonly client: Pick<Inngest, 'send'>;
  readonly look: (tenant: string, id: string) => Promise<Pick<Execution, 'squadId' | 'userId'> | null>;
}

/** Hands executions to Inngest: one event each, which Inngest takes once however often it is sent. */
export class InngestHandover implements Handover {
  readonly #parts: InngestHandoverParts;

  constructor(parts: InngestHandoverParts) {
    this.#parts = parts;
  }

  async hand({ tenant, id, priority, key }: HandedOver): Promise<void> {
    const found = await this.#parts.look(tenant, id);
    // It was deleted since: there is nothing to advance.
    if (found === null) return;
    const { squadId, userId } = found;
    const data: OrderData = { executionId: id, squadId, userId, tenantId: tenant, priority };
    // Several fleets may share what Inngest knows of ids.
    await this.#parts.client.send({ name: eventName, id: `${id}-${key}`, data });
  }
}

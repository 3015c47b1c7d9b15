import type { Order } from '../ordered/order.ts';

/** Under which Inngest knows the workers of a fleet, the function that they have, and the one that sees to it that none is given up. */
export const appId = 'squadra';
export const functionId = 'execute-agent-workflow';
export const resumeFunctionId = 'resume-agent-workflow';

/** An execution wants to be advanced. */
export const eventName = 'agent/workflow.execute';

/** An order as it travels, in an event. Beside what the order says it names what people look for in the lists of Inngest. */
export interface OrderData {
  readonly executionId: string;
  readonly squadId: string | null;
  readonly userId: string | null;
  readonly tenantId: string;
  readonly priority: number;
  /** As in `Order`; left out where it is null. */
  readonly epoch?: number;
}

/** The order of an event; null where its data is none. */
export function readOrderData(data: unknown): Order | null {
  if (typeof data !== 'object' || data === null) return null;
  const { executionId, tenantId, priority = 0, epoch = null } = data as Partial<Record<keyof OrderData, unknown>>;
  if (typeof executionId !== 'string' || typeof tenantId !== 'string' || typeof priority !== 'number') return null;
  if (epoch !== null && typeof epoch !== 'number') return null;
  return { id: executionId, tenant: tenantId, priority, epoch };
}

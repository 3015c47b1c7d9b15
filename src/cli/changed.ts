import { z } from 'zod';
import type { Json } from '../kernel/json.ts';
import { executionStatuses } from '../work/execution.ts';

const changed = z.object({ status: z.enum(executionStatuses), changed: z.boolean() });

/** Reads what a command did to an execution from the owner's reply. */
export function readChanged(value: Json): z.infer<typeof changed> {
  return changed.parse(value);
}

import { z } from 'zod';
import type { Inbox } from '../work/inbox.ts';
import type { SquadraStatistics } from './squadra-statistics.ts';

const count = z.number();

/** How busy the process is that runs a state, for commands that look at it from outside. */
const processStatusSchema = z.object({
  gate: z.object({ isOpen: z.boolean(), queued: count, closesAt: count }),
  /** Null in the first ten seconds. */
  resources: z.object({ cpu: count, memory: count, loopDelayMs: count }).nullable(),
  /** Items of a convoy that may run side by side, where it says `auto`; how much starts are held back, 0 to 1. */
  parallelism: z.object({ places: count, throttle: count }),
  calls: z.object({ places: count, inFlight: count, waiting: count }),
  writes: z.object({ pending: count }),
});
export type ProcessStatus = z.infer<typeof processStatusSchema>;

/** What of its figures a process tells others on its machine. */
export function processStatus({ engine, gate, starts, calls, writer }: SquadraStatistics): ProcessStatus {
  const { sample, advice } = starts;
  return {
    gate: { isOpen: gate.isOpen, queued: engine.queued, closesAt: gate.closesAt },
    resources: sample === null ? null : { cpu: sample.cpu, memory: sample.memory, loopDelayMs: sample.loopDelayMs },
    parallelism: { places: advice.places, throttle: advice.throttle },
    calls: { places: calls.places, inFlight: calls.taken, waiting: calls.waiting },
    writes: { pending: writer.pending },
  };
}

/** Asks the process that takes the commands of an inbox. Null when it does not say so in time, or says it in another way. */
export async function askStatus(
  inbox: Pick<Inbox, 'send'>,
  commandId: string,
  timeoutMs: number,
): Promise<ProcessStatus | null> {
  const command = { id: commandId, tenant: 'local', name: 'readStatus', body: {} } as const;
  const reply = await inbox.send(command, timeoutMs).catch(() => null);
  return processStatusSchema.safeParse(reply?.ok === true ? reply.value : null).data ?? null;
}

import { randomUUID } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { agentFunctions } from '../../../../src/engines/inngest/agent-functions.ts';
import { openInngestClient } from '../../../../src/engines/inngest/inngest-client.ts';
import type { Turn } from '../../../../src/engines/inngest/inngest-engine.ts';
import { InngestHandover } from '../../../../src/engines/inngest/inngest-handover.ts';
import { onServer } from '../stage-inngest.ts';

it('a real Inngest sleeps until the time of a wake, keeps what a turn came to, and takes an order once', async () => {
  await using inngest = await onServer(inject('inngest'), 'connect');
  const client = await openInngestClient(inngest.settings, () => {});
  const id = randomUUID();
  const at = Date.now() + 3_000;
  const turns: { readonly epoch: number | null; readonly at: number }[] = [];
  const isOver = Promise.withResolvers<void>();
  const functions = agentFunctions(client, async (order): Promise<Turn> => {
    if (order.id !== id) return { kind: 'done' };
    turns.push({ epoch: order.epoch, at: Date.now() });
    if (turns.length === 1) return { kind: 'wake', at, epoch: 1 };
    isOver.resolve();
    return { kind: 'done' };
  });
  await inngest.bring(client, functions);
  const handover = new InngestHandover({ client, look: async () => ({ squadId: null, userId: null }) });
  for (let time = 0; time < 2; time++) await handover.hand({ tenant: 't', id, priority: 0, key: 'once' });
  await isOver.promise;
  expect(turns.map(({ epoch }) => epoch)).toEqual([null, 1]);
  expect(turns[1]?.at).toBeGreaterThanOrEqual(at - 1_000);
});

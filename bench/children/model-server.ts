/** A model server in a process of its own, whose answers take as long as those of models do. */
import { startModelServer } from '../../src/testing/model-server/model-server.ts';
import { childArgument, takeOrders, tell } from '../measure/child.ts';

export interface ModelServerArgument {
  readonly leastMs: number;
  readonly mostMs: number;
  readonly chunks: number;
}

export type ModelServerMessage =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'report'; readonly cpuMs: number };

export type ModelServerOrder = { readonly kind: 'report' } | { readonly kind: 'stop' };

/** Of an answer, what goes by before its first word. */
const silentShare = 0.2;

const { leastMs, mostMs, chunks } = childArgument<ModelServerArgument>();
const server = await startModelServer({
  keepCalls: false,
  behave: () => {
    const wholeMs = leastMs + Math.random() * (mostMs - leastMs);
    return { chunks, latencyMs: wholeMs * silentShare, paceMs: (wholeMs * (1 - silentShare)) / chunks };
  },
});
tell<ModelServerMessage>({ kind: 'listening', url: server.url });

takeOrders<ModelServerOrder>(async ({ kind }) => {
  if (kind === 'stop') {
    await server[Symbol.asyncDispose]();
    return true;
  }
  const { user, system } = process.cpuUsage();
  tell<ModelServerMessage>({ kind: 'report', cpuMs: (user + system) / 1_000 });
  return false;
});

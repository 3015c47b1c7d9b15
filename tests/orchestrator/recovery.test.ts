import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openSquadraIn } from '../../src/compose.ts';
import type { Surroundings } from '../../src/compose.ts';
import { defineWorkflow } from '../../src/index.ts';
import type { Squadra } from '../../src/index.ts';
import type { ExecutionStore } from '../../src/work/execution-store.ts';
import { wrapSessions } from '../support/wrap-sessions.ts';

const waiter = defineWorkflow({
  name: 'waiter',
  run: async ({ step }) => {
    const taken = await step.waitFor('go');
    const answer = await step.approve('release', { title: 'Go?' });
    return { taken, answer };
  },
});

function stateDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'squadra-recovery-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function open(folder: string, surroundings: Partial<Surroundings> = {}): Promise<Squadra> {
  return openSquadraIn(
    { stateDir: folder, settings: { shutdownGrace: 0, logLevel: 'error' }, workflows: [waiter] },
    surroundings,
  );
}

/** Resolves when the execution has parked. */
async function parked(squadra: Squadra, id: string): Promise<void> {
  for await (const event of squadra.run(id).events())
    if (event.event === 'status' && event.status === 'waiting') return;
}

it('wakes what was signalled and answered while nobody ran it', async () => {
  const folder = stateDir();
  const first = await open(folder);
  const { id } = await first.submit(waiter, { input: null });
  await parked(first, id);
  await first[Symbol.asyncDispose]();

  const outside = await open(folder, { runs: false });
  await outside.run(id).signal('go', 'now');
  await outside[Symbol.asyncDispose]();

  const second = await open(folder);
  let { items: asked } = await second.approvals.list({ status: 'pending' });
  for await (const event of second.run(id).events()) {
    if (event.event !== 'step' || event.key !== 'release') continue;
    ({ items: asked } = await second.approvals.list({ status: 'pending' }));
    break;
  }
  await second[Symbol.asyncDispose]();

  const answering = await open(folder, { runs: false });
  await answering.approvals.answer(asked[0]?.id ?? '', { choice: 'approve', by: 'Ada' });
  await answering[Symbol.asyncDispose]();

  await using third = await open(folder);
  expect(await third.run(id).result()).toEqual({
    status: 'completed',
    output: { taken: { payload: 'now', timedOut: false }, answer: { choice: 'approve', by: 'Ada' } },
  });
});

it('wakes what parked beside its signal, when the process ended before it could go on', async () => {
  const folder = stateDir();
  const parking = Promise.withResolvers<void>();
  // Nobody hears of the commit that parks, as after a crash; and the run hears of no signal before it.
  const deaf = (executions: ExecutionStore): ExecutionStore =>
    wrapSessions(executions, (session, executionId) => ({
      epoch: session.epoch,
      get isUnsure() {
        return session.isUnsure;
      },
      signals: async () => [],
      commit: async (commit) => {
        if (commit.awaitedSignals === undefined) return session.commit(commit);
        await executions.signal('local', executionId, { signalId: 'early', name: 'go', payload: '"early"' });
        expect(await session.commit(commit)).toEqual({ awake: true, settled: [] });
        parking.resolve();
        return new Promise(() => {});
      },
    }));
  const first = await open(folder, { decorate: deaf });
  const { id } = await first.submit(waiter, { input: null });
  await parking.promise;
  await first[Symbol.asyncDispose]();

  await using second = await open(folder);
  for await (const event of second.run(id).events())
    if (event.event === 'step' && event.key === 'go' && event.phase === 'completed') break;
  await second.run(id).cancel();
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { defineWorkflow, NonRetryableError, openSquadra } from '../../src/index.ts';
import type { Run } from '../../src/index.ts';

/** The failed attempts of the step `held`, by their error codes. */
async function failuresOfHeld(run: Run): Promise<(string | undefined)[]> {
  const codes: (string | undefined)[] = [];
  for await (const event of run.events({ follow: false }))
    if (event.event === 'step' && event.key === 'held' && event.phase === 'failed') codes.push(event.error?.code);
  return codes;
}

it('settles an attempt in flight when its execution fails, and does not take it for a crash afterwards', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'squadra-open-ends-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const left = Promise.withResolvers<void>();
  const workflow = defineWorkflow({
    name: 'two-branches',
    run: ({ step }) =>
      Promise.all([
        step.run(
          'held',
          ({ number }) => {
            left.resolve();
            return number === 1 ? new Promise<void>(() => {}) : undefined;
          },
          { intent: true },
        ),
        step.run('bad', async ({ number }) => {
          await left.promise;
          if (number === 1) throw new NonRetryableError('The first try fails.');
        }),
      ]),
  });
  await using squadra = await openSquadra({ stateDir: folder, workflows: [workflow] });
  const run = await squadra.submit(workflow, { input: null });
  expect(await run.result()).toMatchObject({ status: 'failed' });
  expect(await failuresOfHeld(run)).toEqual(['EXECUTION_CANCELLED']);

  await run.retry();
  expect(await run.result()).toMatchObject({ status: 'completed' });
  expect(await failuresOfHeld(run)).toEqual(['EXECUTION_CANCELLED']);
});

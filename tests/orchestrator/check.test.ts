import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkState } from '../../src/compose/outside.ts';
import { defineWorkflow, openSquadra } from '../../src/index.ts';
import type { Finding } from '../../src/orchestrator/check.ts';
import type { StepApi } from '../../src/workflows/step-api.ts';
import type { SquadApi } from '../../src/workflows/squad-api.ts';

type Body = (context: { readonly step: StepApi; readonly squad: SquadApi }) => Promise<unknown>;

const named = (run: Body) => defineWorkflow({ name: 'work', run });

/** Runs the first body until it waits or fails, then checks what it left against the second. */
async function check(first: Body, second: Body): Promise<readonly Finding[]> {
  const stateDir = mkdtempSync(join(tmpdir(), 'squadra-check-'));
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
  {
    await using squadra = await openSquadra({ stateDir, workflows: [named(first)] });
    const run = await squadra.submit<unknown, unknown>('work', { input: {}, squad: 'software' });
    for await (const event of run.events())
      if (event.event === 'status' && (event.status === 'waiting' || event.status === 'failed')) break;
  }
  const found: Finding[] = [];
  for await (const { findings } of checkState({ stateDir, workflows: [named(second)] }, 'local'))
    found.push(...findings);
  return found;
}

const doNothing = (): void => {};

it('finds nothing where the code is the same, and does none of its work', async () => {
  let done = 0;
  const body: Body = async ({ step, squad }) => {
    const plan = await squad.ask('project_manager', 'Plan it');
    await Promise.all([step.run('a', doNothing), step.scope('in', (inner) => inner.run('b', doNothing))]);
    await step.waitFor('go');
    await step.run('after', () => done++);
    return plan.text;
  };
  expect(await check(body, body)).toEqual([]);
  expect(done).toBe(0);
});

it('lets new steps come after what is recorded, and replays a failed execution as its retry would', async () => {
  const first: Body = async ({ step }) => {
    await step.run('kept', doNothing);
    await step.run('fails', () => Promise.reject(new Error('no')), { retries: 0 });
  };
  const second: Body = async ({ step }) => {
    await step.run('kept', doNothing);
    await step.run('fails', doNothing, { retries: 0 });
    await step.run('new', doNothing);
  };
  expect(await check(first, second)).toEqual([]);
});

it('names recorded steps that are gone, with what would run instead', async () => {
  const first: Body = async ({ step, squad }) => {
    await squad.ask('project_manager', 'Plan it');
    await step.run('old', doNothing);
    await step.sleep('night', '1h');
  };
  const second: Body = async ({ step, squad }) => {
    await squad.ask('project_manager', 'Plan it');
    await step.run('renamed', doNothing);
    await step.sleep('night', '1h');
  };
  expect(await check(first, second)).toEqual(
    ['old', 'night'].map((step) => ({ kind: 'gone', step, next: ['renamed'] })),
  );
});

it('names steps that are given something else, also those that still wait', async () => {
  const first: Body = async ({ step, squad }) => {
    await squad.ask('project_manager', 'Plan it');
    await step.approve('release', { title: 'Go?' });
  };
  const second: Body = async ({ step, squad }) => {
    await squad.ask('project_manager', 'Plan it well');
    await step.approve('release', { title: 'Go ahead?' });
  };
  const found = await check(first, second);
  expect(found).toContainEqual({ kind: 'changed', step: 'project_manager/model/1' });
  // What follows in the ask was given what came before.
  expect(found.filter((finding) => !('step' in finding && finding.step.startsWith('project_manager/')))).toEqual([
    { kind: 'changed', step: 'release' },
  ]);
});

it('tells when the code would fail before it comes to new work', async () => {
  const first: Body = async ({ step }) => {
    await step.run('a', doNothing);
    await step.waitFor('go');
  };
  const second: Body = async ({ step }) => {
    await step.run('a', doNothing);
    await step.waitFor('go', { name: 'a' });
  };
  expect(await check(first, second)).toEqual([
    { kind: 'gone', step: 'go', next: [] },
    { kind: 'fails', message: expect.stringContaining("reached two steps named 'a'") },
  ]);
});

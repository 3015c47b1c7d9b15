import { describe, expect, it } from 'vitest';
import { NonRetryableError } from '../../src/kernel/errors.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { gated, longRun, release, runToEnd } from './seeds/workloads.ts';
import { useDashboard } from './support/dashboard.ts';
import { HeldModel } from './support/held-model.ts';

const held = new HeldModel();
const disk = { isFull: true };
const fragile = defineWorkflow({
  name: 'fragile',
  run: ({ step }) =>
    step.run('write', () => {
      if (disk.isFull) throw new NonRetryableError('The disk is full: 0 bytes are left.');
      return 'written';
    }),
});
const dashboard = useDashboard({
  models: { held: held.provider },
  workflows: [release, gated, fragile, longRun],
  settings: { provider: 'held', agentRateLimitPerMinute: 0, shutdownGrace: 100 },
});

async function submit(body: unknown): Promise<string> {
  return (await dashboard().server.send<{ readonly id: string }>('/executions', { body })).id;
}

/** The status that the page shows. */
function badge(status: string): string {
  return `section[aria-label="How it stands"] .status:has-text("${status}")`;
}

const oneMember = { name: 'Solo', members: [{ role: 'tester' }] };

describe('one execution', () => {
  it('is submitted, and its text is read as it streams', async () => {
    const { server, open } = dashboard();
    await server.send('/squads', { body: oneMember });
    const { page } = await open('/executions');
    await page.getByRole('button', { name: 'New request' }).first().click();
    await page.getByRole('textbox', { name: 'Request' }).fill('Say hello');
    await page.getByRole('dialog').getByLabel('Squad').selectOption('Solo');
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('heading', { level: 1, name: 'Say hello' }).waitFor();
    const call = await held.next();
    expect(call.prompt).toContain('Say hello');
    call.say('First comes **this');
    await page.getByText('First comes').waitFor();
    await page.locator(badge('running')).waitFor();
    call.say(' word**, then a');
    await page.locator('strong', { hasText: 'this word' }).waitFor();
    call.say(' last one.');
    await page.getByText('then a last one.').waitFor();
    call.end();
    await page.locator(badge('completed')).waitFor();
    expect(server.rows("SELECT status FROM executions WHERE input LIKE '%Say hello%'")).toEqual([
      { status: 'completed' },
    ]);
  });

  it('asks a person, and goes on with the answer', async () => {
    const { server, open } = dashboard();
    const id = await submit({ workflow: 'release', input: { what: 'version 2' } });
    const { page } = await open(`/executions/${id}`);
    await page.getByRole('heading', { name: 'Release version 2?' }).waitFor();
    const comment = page.getByLabel('Comment');
    if (!(await comment.isVisible())) await page.getByText('Add a comment').click();
    await comment.fill('Looks good');
    await page.getByRole('button', { name: 'go', exact: true }).click();
    await page.locator(badge('completed')).waitFor();
    const [answer] = server.rows('SELECT choice, comment, status FROM approvals WHERE execution_id = ?', id);
    expect(answer).toEqual({ choice: 'go', comment: 'Looks good', status: 'answered' });
  });

  it('is cancelled, once it was asked, and says why', async () => {
    const { server, open } = dashboard();
    const id = await submit({ workflow: 'gated', input: {} });
    const { page } = await open(`/executions/${id}`);
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByLabel('Reason').fill('Not needed');
    await page.getByRole('button', { name: 'Cancel the execution' }).click();
    await page.locator(badge('cancelled')).waitFor();
    await page.getByText('Cancelled: Not needed').waitFor();
    expect(server.rows('SELECT status, reason FROM executions WHERE id = ?', id)).toEqual([
      { status: 'cancelled', reason: 'Not needed' },
    ]);
  });

  it('takes a signal', async () => {
    const { server, open } = dashboard();
    const id = await submit({ workflow: 'gated', input: {} });
    const { page } = await open(`/executions/${id}`);
    await page.locator(badge('waiting')).waitFor();
    await page.getByRole('button', { name: 'Send a signal' }).click();
    // What it waits for stands there already.
    expect(await page.getByLabel('Name').inputValue()).toBe('go');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.locator(badge('completed')).waitFor();
    expect(server.rows('SELECT output FROM executions WHERE id = ?', id)).toEqual([{ output: '"gone"' }]);
  });

  it('says why it failed, and is tried again', async () => {
    const { server, open } = dashboard();
    const id = await submit({ workflow: 'fragile', input: {} });
    const { page } = await open(`/executions/${id}`);
    await page.locator(badge('failed')).waitFor();
    await page.getByText('The disk is full: 0 bytes are left.').first().waitFor();
    disk.isFull = false;
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.locator(badge('completed')).waitFor();
    expect(server.rows('SELECT status FROM executions WHERE id = ?', id)).toEqual([{ status: 'completed' }]);
  });

  it('is forked from a step, and put beside what it was forked from', async () => {
    const { server, open } = dashboard();
    const id = await runToEnd(server, { workflow: 'long-run', input: { steps: 3 } });
    const { page } = await open(`/executions/${id}`);
    await page.getByRole('button', { name: 'Fork', exact: true }).first().click();
    await page.getByLabel('Begin with').selectOption('step 2');
    await page.getByRole('dialog').getByRole('button', { name: 'Fork' }).click();
    await page.getByText('This is the fork.').waitFor();
    await page.locator(badge('completed')).waitFor();
    await page.getByRole('link', { name: 'Put both side by side' }).click();
    await page.getByRole('heading', { name: 'Side by side' }).waitFor();
    await page.getByText('taken over').first().waitFor();
    expect(server.number("SELECT count(*) FROM executions WHERE workflow = 'long-run'")).toBe(2);
  });

  it('of 500 steps is shown with a page that stays small', async () => {
    const { server, open } = dashboard();
    const id = await runToEnd(server, { workflow: 'long-run', input: { steps: 500 } });
    const watched = await open(`/executions/${id}`);
    const { page } = watched;
    await watched.settled();
    await page.getByText('step 1', { exact: true }).first().waitFor();
    await page.locator(badge('completed')).waitFor();
    expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(6_000);
  });
});

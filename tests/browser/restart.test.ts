import { expect, it } from 'vitest';
import { gated, runToEnd } from './seeds/workloads.ts';
import { useDashboard } from './support/dashboard.ts';
import { HeldModel } from './support/held-model.ts';
import { unreachable } from './support/watched-page.ts';

const held = new HeldModel();
const dashboard = useDashboard({
  models: { held: held.provider },
  workflows: [gated],
  settings: { provider: 'held', agentRateLimitPerMinute: 0, shutdownGrace: 100 },
});

it('says that the server is away, and catches up by itself when it is back', async () => {
  const { server, open } = dashboard();
  const { id } = await server.send<{ readonly id: string }>('/executions', { body: { workflow: 'gated', input: {} } });
  const watched = await open('/executions', { expected: unreachable });
  const { page } = watched;
  await page.locator('.execution-row', { hasText: 'waiting' }).waitFor();
  await server.stop();
  await page.getByText('The server cannot be reached.').waitFor();
  // What was on the page stays.
  expect(await page.locator('.execution-row').count()).toBe(1);
  await server.startAgain();
  await server.send(`/executions/${id}/signals/go`, { method: 'POST' });
  await page.locator('.execution-row', { hasText: 'completed' }).waitFor();
  await page.getByText('The server cannot be reached.').waitFor({ state: 'detached' });
});

it('goes on with a text that was streaming, without a word twice', async () => {
  const { server, open } = dashboard();
  await server.send('/squads', { body: { name: 'Solo', members: [{ role: 'tester' }] } });
  const { id } = await server.send<{ readonly id: string }>('/executions', {
    body: { squad: 'Solo', message: 'Tell it' },
  });
  const cutOff = await held.next();
  cutOff.say('Half of');
  const { page } = await open(`/executions/${id}`, { expected: unreachable });
  await page.getByText('Half of').waitFor();
  await server.stop();
  await page.getByText('The server cannot be reached.').waitFor();
  await server.startAgain();
  const again = await held.next();
  again.say('Half of the story, ');
  await page.getByText('Half of the story,').waitFor();
  again.say('and the other half.');
  again.end();
  await page.locator('section[aria-label="How it stands"] .status', { hasText: 'completed' }).waitFor();
  const said = await page.locator('.entries').innerText();
  expect(said.match(/Half of/g)).toHaveLength(1);
});

it('has the Overview read again what happened while the server was away', async () => {
  const { server, open } = dashboard();
  const { page } = await open('/', { expected: unreachable });
  await page.getByText(/2 submitted, 2 completed/).waitFor();
  await server.stop();
  await page.getByText('The server cannot be reached.').waitFor();
  await server.startAgain();
  const ran = runToEnd(server, { squad: 'Solo', message: 'One more' });
  await held.answer('Done.');
  await ran;
  await page.getByText(/3 submitted, 3 completed/).waitFor();
  expect(server.number("SELECT count(*) FROM executions WHERE status = 'completed'")).toBe(3);
});

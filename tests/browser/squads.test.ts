import { expect, it } from 'vitest';
import type { SquadDocument } from '../../src/client.ts';
import { refused } from './support/watched-page.ts';
import { useDashboard } from './support/dashboard.ts';

const dashboard = useDashboard();

async function squadNamed(name: string): Promise<SquadDocument | undefined> {
  const { items } = await dashboard().server.send<{ readonly items: readonly SquadDocument[] }>('/squads');
  return items.find((squad) => squad.name === name);
}

it('makes a squad from a template, edits a member of it, and deletes it', async () => {
  const { page } = await dashboard().open('/squads');
  await page.getByRole('button', { name: 'Make a squad' }).first().click();
  await page.getByLabel('Name').fill('Checkout');
  await page.getByLabel('Begin with').selectOption({ label: 'the template software' });
  await page.getByRole('button', { name: 'Make it' }).click();
  await page.getByRole('heading', { level: 1, name: 'Checkout' }).waitFor();
  expect((await squadNamed('Checkout'))?.members.map(({ role }) => role)).toEqual([
    'project_manager',
    'backend_developer',
    'frontend_developer',
    'tester',
  ]);

  await page.getByRole('button', { name: /^Edit Tester$/ }).click();
  await page.getByLabel('Instructions').fill('Look at what happens when the network is gone.');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Look at what happens when the network is gone.').waitFor();
  expect((await squadNamed('Checkout'))?.members.at(-1)).toMatchObject({
    instructions: 'Look at what happens when the network is gone.',
    version: 2,
  });

  await page.getByRole('button', { name: 'Delete the squad' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the squad' }).click();
  await page.getByText('The squad Checkout is deleted.').waitFor();
  expect(await squadNamed('Checkout')).toBeUndefined();
});

it('shows what somebody else changed meanwhile beside what was typed, and loses neither', async () => {
  const { server } = dashboard();
  const { id } = await server.send<SquadDocument>('/squads', { body: { name: 'Shared', template: 'software' } });
  // The answer 412 is what this is about; Chromium notes it.
  const { page } = await dashboard().open(`/squads/${id}`, { expected: refused(412) });
  await page.getByRole('button', { name: /^Edit Tester$/ }).click();
  await page.getByLabel('Instructions').fill('Mine');
  const tester = (await squadNamed('Shared'))?.members.at(-1);
  await server.send(`/squads/${id}/members/${tester?.id}`, {
    method: 'PATCH',
    headers: { 'if-match': '"1"' },
    body: { name: 'Examiner' },
  });
  await page.getByRole('button', { name: 'Save' }).click();
  const newer = page.getByRole('alert');
  await newer.getByText('Somebody else changed this while you typed.').waitFor();
  await newer.getByText('Examiner').waitFor();
  await page.getByRole('button', { name: 'Put mine on top of theirs' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  // Their change shows before ours is stored.
  await page.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
  await page.getByRole('heading', { level: 3, name: 'Examiner' }).waitFor();
  expect((await squadNamed('Shared'))?.members.at(-1)).toMatchObject({ name: 'Examiner', instructions: 'Mine' });
});

it('says what is wrong with a name that is taken, and keeps what was typed', async () => {
  await dashboard().server.send('/squads', { body: { name: 'Taken', template: 'software' } });
  const { page } = await dashboard().open('/squads', { expected: refused(409) });
  await page.getByRole('button', { name: 'Make a squad' }).first().click();
  await page.getByLabel('Name').fill('Taken');
  await page.getByRole('button', { name: 'Make it' }).click();
  await page.getByRole('alert').getByText('There is a squad named "Taken" already').waitFor();
  expect(await page.getByLabel('Name').inputValue()).toBe('Taken');
});

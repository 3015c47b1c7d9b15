import { APICallError } from '@ai-sdk/provider';
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { expect, it } from 'vitest';
import { fakeProvider, wholeAnswer } from '../agents/fake-model.ts';
import { convoyToEnd } from './seeds/workloads.ts';
import { useDashboard } from './support/dashboard.ts';
import { refused } from './support/watched-page.ts';

let isBroken = true;
const model = fakeProvider(({ prompt }) => {
  if (isBroken && JSON.stringify(prompt).includes('Weigh it')) throw refusal();
  return ReadableStream.from(wholeAnswer('Done.')) as ReadableStream<LanguageModelV4StreamPart>;
});
const dashboard = useDashboard({ models: { fake: model }, settings: { provider: 'fake', agentRateLimitPerMinute: 0 } });

const items = [
  { key: 'weigh', role: 'tester', message: 'Weigh it.' },
  { key: 'look', role: 'tester', message: 'Look at it.' },
  { key: 'report <b>', role: 'tester', message: 'Report.', dependsOn: ['weigh'] },
];

it('says why items failed and which were cancelled for it, and does them again', async () => {
  const { server, open } = dashboard();
  const id = await convoyToEnd(server, { items });
  const { page } = await open(`/convoys/${id}`);
  await page.getByText('1 of 3 completed, 1 failed, 1 cancelled').waitFor();
  const why = page.getByRole('region', { name: 'What went wrong' });
  await why.getByText('The scales are broken.').waitFor();
  await why.getByText('report <b>', { exact: true }).waitFor();
  // The failed item leads to its execution.
  const [child] = server.rows("SELECT execution_id AS id FROM work_items WHERE item_key = 'weigh'");
  expect(await why.getByRole('link', { name: 'weigh' }).getAttribute('href')).toBe(
    `/executions/${String(child?.['id'])}`,
  );
  isBroken = false;
  await page.getByRole('button', { name: 'Retry what failed' }).click();
  await page.getByText('Failed items are done again').waitFor();
  await page.getByText('3 of 3 completed').waitFor();
  await why.waitFor({ state: 'detached' });
});

it('tells of the item that was chosen in the list: its message, what it waits for and what waits for it', async () => {
  const { server, open } = dashboard();
  const id = await convoyToEnd(server, { items });
  const { page } = await open(`/convoys/${id}?items=completed`);
  await page.getByRole('region', { name: 'Items of the convoy' }).getByRole('button', { name: 'weigh' }).click();
  const panel = page.locator('.item-panel');
  await panel.getByText('Weigh it.').waitFor();
  await panel.getByRole('button', { name: 'report <b>' }).click();
  await panel.getByText('Report.', { exact: true }).waitFor();
  expect(await panel.locator('.item-keys').allTextContents()).toEqual(['Waits for weigh']);
});

it('says at which item something is wrong, in the text and in the rows made of it, and keeps what was typed', async () => {
  const { page } = await dashboard().open('/convoys', { expected: refused(400) });
  const before = dashboard().server.number('SELECT count(*) FROM convoys');
  await page.getByRole('button', { name: 'Run a convoy' }).first().click();
  const text = '- {key: a, role: tester, message: Look}\n- {key: b, role: pilot, message: Fly, dependsOn: [a]}\n';
  await page.getByLabel('Items').fill(text);
  await page.getByRole('button', { name: 'Run it' }).click();
  await page.getByText('Item 2 (b):').waitFor();
  await page.getByLabel('Fill in rows').click();
  const second = page.getByRole('group', { name: 'Item 2' });
  expect(await second.getByLabel('After').inputValue()).toBe('a');
  await second.getByLabel('After').fill('c');
  await second.getByLabel('Role').fill('tester');
  await page.getByRole('button', { name: 'Run it' }).click();
  await page.getByText("Item 'b' depends on 'c', and no item has that key.").waitFor();
  await second.getByLabel('After').fill('a');
  expect(dashboard().server.number('SELECT count(*) FROM convoys')).toBe(before);
  await page.getByRole('button', { name: 'Run it' }).click();
  await page.getByText('The convoy is accepted').waitFor();
  await page.getByText('2 of 2 completed').waitFor();
});

function refusal(): APICallError {
  return new APICallError({
    message: 'The scales are broken.',
    url: 'https://model.invalid/v1/chat/completions',
    requestBodyValues: {},
    statusCode: 400,
    responseBody: '{"error":{"message":"The scales are broken."}}',
    isRetryable: false,
  });
}

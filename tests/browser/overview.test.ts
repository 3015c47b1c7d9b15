import { beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { count, money, rate, share } from '../../dashboard/src/data/formats.ts';
import { storyClock, storyOptions, tellStory } from './seeds/story.ts';
import { runToEnd } from './seeds/workloads.ts';
import type { DashboardServer } from './support/dashboard-server.ts';
import { useDashboard } from './support/dashboard.ts';

const clock = storyClock();
const dashboard = useDashboard({ ...storyOptions(clock), surroundings: { clock } });

beforeAll(() => tellStory(dashboard().server, clock));

/** What the figures of the Overview have to say, worked out from the tables alone. */
interface Expected {
  readonly tiles: Readonly<Record<string, string>>;
  readonly throughput: readonly [value: string, note: string];
  readonly success: readonly [value: string, note: string];
  readonly cost: readonly [value: string, note: string];
}

function expectedOf(server: DashboardServer): Expected {
  const hourAgo = clock.now() - 3_600_000;
  const inStatus = (status: string): number =>
    server.number('SELECT count(*) FROM executions WHERE status = ?', status);
  const ended = (status: string): number =>
    server.number('SELECT count(*) FROM executions WHERE status = ? AND ended_at >= ?', status, hourAgo);
  const spent = (column: string): number => server.number(`SELECT sum(${column}) FROM executions`);
  const [completed, failed, cancelled] = [ended('completed'), ended('failed'), ended('cancelled')];
  const submitted = server.number('SELECT count(*) FROM executions WHERE created_at >= ?', hourAgo);
  const callsThat = (phase: string): number =>
    server.number("SELECT count(*) FROM journal WHERE kind = 'step' AND type = 'model' AND phase = ?", phase);
  const failedCalls = callsThat('failed');
  const calls = callsThat('completed') + failedCalls;
  const tokens = spent('input_tokens') + spent('output_tokens');
  const cost = spent('cost_micro_usd');
  return {
    tiles: Object.fromEntries(
      ['Running', 'Queued', 'Waiting', 'Failed'].map((title) => [title, count(inStatus(title.toLowerCase()))]),
    ),
    throughput: [
      `${rate(completed / 60)} a minute`,
      `${count(submitted)} submitted, ${count(completed)} completed, ${count(failed)} failed, ${count(cancelled)} cancelled`,
    ],
    success: [
      `${share(completed / (completed + failed))} completed`,
      `of ${count(completed + failed)} that completed or failed; ${count(failedCalls)} of ${count(calls)} model calls failed`,
    ],
    cost: [`${money(cost)} an hour`, `${money(cost)} for ${count(calls)} model calls, ${count(tokens)} tokens`],
  };
}

async function figure(page: Page, title: string): Promise<readonly [value: string, note: string]> {
  const panel = page.locator('.figure', { has: page.getByRole('heading', { name: title, exact: true }) });
  return [await panel.locator('.figure-value').innerText(), await panel.locator('.muted').first().innerText()];
}

async function shown(page: Page): Promise<Expected> {
  const tiles = await page.locator('.tile').allInnerTexts();
  return {
    tiles: Object.fromEntries(tiles.map((text) => text.split('\n') as [string, string])),
    throughput: await figure(page, 'Throughput'),
    success: await figure(page, 'Success'),
    cost: await figure(page, 'Cost'),
  };
}

/** The value that a share of the durations did not exceed, by nearest rank. */
function exactDuration(server: DashboardServer, part: number): number {
  const rows = server.rows(
    "SELECT ended_at - created_at AS ms FROM executions WHERE status IN ('completed', 'failed', 'cancelled') ORDER BY ms",
  );
  return Number(rows[Math.ceil(part * rows.length) - 1]?.['ms']);
}

/** `17.1 s` or `1 m 04 s` in milliseconds. */
function millisecondsOf(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  return [...text.matchAll(/([\d.]+) (ms|s|m|h)\b/g)].reduce(
    (sum, [, value, unit = '']) => sum + Number(value) * (units[unit] ?? Number.NaN),
    0,
  );
}

describe('the Overview', () => {
  it('says what the tables say, in every figure', async () => {
    const { server, open } = dashboard();
    const watched = await open('/');
    await watched.settled();
    expect(await shown(watched.page)).toEqual(expectedOf(server));
  });

  it('says how long executions took as exactly as it can be read', async () => {
    const { server, open } = dashboard();
    const watched = await open('/');
    await watched.settled();
    const [middle, note] = await figure(watched.page, 'Duration');
    const [, p95 = '', p99 = ''] = /^p95 (.*), p99 (.*), from acceptance to end$/.exec(note) ?? [];
    for (const [text, part] of [
      [middle, 0.5],
      [p95, 0.95],
      [p99, 0.99],
    ] as const) {
      const exact = exactDuration(server, part);
      // Within the buckets of the histograms, and a tenth of a second of the writing.
      expect(Math.abs(millisecondsOf(text) - exact)).toBeLessThanOrEqual(exact * 0.026 + 1_000);
    }
  });

  it('follows what happens', async () => {
    const { server, open } = dashboard();
    const watched = await open('/');
    await watched.settled();
    const before = await shown(watched.page);
    await runToEnd(server, { message: 'One more' });
    const { throughput } = expectedOf(server);
    expect(throughput).not.toEqual(before.throughput);
    await watched.page.getByText(throughput[1]).waitFor();
    expect(await shown(watched.page)).toEqual(expectedOf(server));
  });

  it('lists what needs a person: questions, budgets that are used up, what failed', async () => {
    const { server, open } = dashboard();
    const watched = await open('/');
    await watched.settled();
    const { page } = watched;
    const pending = server.rows("SELECT title FROM approvals WHERE status = 'pending'");
    expect(pending.length).toBeGreaterThan(2);
    for (const { title } of pending) await page.getByRole('heading', { level: 4, name: String(title) }).waitFor();
    const failed = server.number("SELECT count(*) FROM executions WHERE status = 'failed'");
    await page.getByRole('heading', { name: `${failed} failed` }).waitFor();
    expect(await page.locator('.need').count()).toBeGreaterThanOrEqual(pending.length);
  });
});

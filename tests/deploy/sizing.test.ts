import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createPrices } from '../../src/agents/pricing.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { root } from '../repo/repo-files.ts';

const run = promisify(execFile);
const page = readFileSync(join(root, 'docs/operations/sizing.md'), 'utf8').replaceAll(/\s+/g, ' ');
const tokens = { in: 25_611, out: 5_114 };
const calls = 12;
const monthly = 1_000 * 5 * 22;
const english = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

/** The newest kept result of a scenario. */
function figure(scenario: string, name: string): number {
  const shape = z.object({ figures: z.array(z.object({ name: z.string(), value: z.number() })) });
  const folder = join(root, 'bench/results');
  const file =
    readdirSync(folder)
      .filter((each) => each.endsWith(`-${scenario}.json`))
      .toSorted()
      .at(-1) ?? '';
  const found = shape
    .parse(JSON.parse(readFileSync(join(folder, file), 'utf8')))
    .figures.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${scenario} has no ${name}.`);
  return found.value;
}

describe('the page on sizing', () => {
  it('bills what the price list says', () => {
    const prices = createPrices(systemClock);
    const rows = [...page.matchAll(/\| `([\w-]+)\/([^`]+)` \| ([\d.]+) \| ([\d.]+) \| \$([\d.]+) \| \$([\d,]+) \|/g)];
    expect(rows).toHaveLength(3);
    for (const [, provider = '', model = '', input, output, each, month] of rows) {
      const cost = (inputTokens: number, outputTokens: number): number =>
        prices.costMicroUsd(
          { provider, model, apiUrl: null },
          { inputTokens, outputTokens, cachedTokens: 0, reasoningTokens: 0 },
        ) ?? Number.NaN;
      const dollars = cost(tokens.in, tokens.out) / 1e6;
      expect([model, input, output]).toEqual([model, (cost(1e6, 0) / 1e6).toFixed(2), (cost(0, 1e6) / 1e6).toFixed(2)]);
      expect([model, each]).toEqual([model, dollars.toFixed(4)]);
      expect(Math.abs(Number(month?.replace(',', '')) - dollars * monthly)).toBeLessThanOrEqual(1);
    }
    expect(page).toContain(`${english(monthly)} executions a month`);
  });

  it('counts the tokens that the example takes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'squadra-sizing-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const command = (...args: string[]) =>
      run(process.execPath, [join(root, 'src/cli/main.ts'), ...args], { cwd: folder });
    await command('run', join(root, 'examples/feature-request.md'), '--quiet');
    const shape = z.object({
      total: z.object({ inputTokens: z.number(), outputTokens: z.number(), modelCalls: z.number() }),
    });
    const { total } = shape.parse(JSON.parse((await command('costs', '--json')).stdout));
    expect(page).toContain(
      `makes ${calls} model calls with ${english(tokens.in)} tokens in and ${english(tokens.out)} out`,
    );
    expect(total.modelCalls).toBe(calls);
    // Prompts change by a word now and then; the page has to follow when it is more than that.
    expect(Math.abs(total.inputTokens / tokens.in - 1)).toBeLessThan(0.1);
    expect(Math.abs(total.outputTokens / tokens.out - 1)).toBeLessThan(0.1);
  });

  it('takes what was measured from where it was measured', () => {
    expect(page).toContain('It takes 2,050 a second over HTTP');
    expect(figure('api', '2050/s: completed')).toBeGreaterThan(2_045);
    expect(page).toContain(`took ${english(figure('parked', 'steps of 1 s: most memory (RSS)'))} MB`);
    const kept = 5_499 * 30;
    const file = figure('soak', 'file, most');
    expect(page).toContain(`so ${english(kept)} at a time; its file had ${english(file)} MB at most`);
    const kilobytes = Math.round(((file * 1e6) / kept / 1e3) * 10) / 10;
    expect(page).toContain(`**${kilobytes} kB for each**`);
    expect(page).toContain(
      `= **${english((90e6 * kilobytes * 1e3) / 1e9)} GB**; for 14 days it is ${english((14e6 * kilobytes * 1e3) / 1e9)} GB`,
    );
  });

  it('reckons right', () => {
    const average = 1e6 / 86_400;
    const busiest = 35;
    expect(average).toBeCloseTo(11.6, 1);
    expect(Math.abs(3 * average - busiest)).toBeLessThan(0.5);
    const atOnce = busiest * 60;
    expect(page).toContain(`= **${english(atOnce)} run at a time**`);
    expect(page).toContain(`${english(atOnce)} / 40 = **${Math.ceil(atOnce / 40)} workers**`);
    expect(page).toContain(`${Math.ceil((11.6 * 60) / 40)} on average, ${Math.ceil(atOnce / 40)} at the busiest hour`);
    expect(page).toContain(
      `${english(average * calls)} a second on average, ${english(busiest * calls)} at the busiest hour`,
    );
    expect(page).toContain(`(3 + 53) × 5 = ${(3 + 53) * 5} of PgBouncer's 1,000`);
    const perMinute = (atOnce * (tokens.in + tokens.out)) / 1e6;
    expect(page).toContain(
      `${english(busiest * calls * 60)} calls and ${perMinute.toFixed(1)} million tokens a minute`,
    );
    expect(page).toContain(`35 × 60 × ${english(tokens.in + tokens.out)} tokens`);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingTable } from '../../src/config/setting-table.ts';
import { errorCatalogue } from '../../src/kernel/errors.ts';
import { squadraRows } from '../../src/telemetry/squadra-rows.ts';

const page = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| .*`SQUADRA_/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, , settings = '', defaults = '', answer = '']) => ({
    names: [...settings.matchAll(/`(SQUADRA_\w+)`/g)].map(([, name]) => name ?? ''),
    defaults,
    answer,
  }));
const byName = new Map(Object.values(settingTable).map((setting) => [setting.env, setting]));

describe('docs/limits.md', () => {
  it('names settings that exist, with their defaults', () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const { names, defaults } of rows) {
      for (const name of names) {
        const shown = byName.get(name)?.shownDefault;
        expect([name, shown === 'none' || defaults.includes(shown ?? '?')]).toEqual([name, true]);
      }
    }
  });

  it('names every setting that says how much there may be', () => {
    const limits = Object.entries(settingTable).filter(([key]) => /^max|limit|perMinute|Entries$|Size$/i.test(key));
    for (const [, { env }] of limits) expect(page).toContain(env);
  });

  it('answers with errors that exist, under the status they have', () => {
    const answers = rows.flatMap(({ answer }) => [...answer.matchAll(/(?:(\d{3}) )?`([A-Z][A-Z_]+)`/g)]);
    expect(answers.length).toBeGreaterThan(15);
    for (const [, status, code = ''] of answers) {
      const known = Object.entries(errorCatalogue).find(([name]) => name === code)?.[1].status;
      expect([code, status === undefined ? 'any' : status]).toEqual([
        code,
        status === undefined && known !== undefined ? 'any' : String(known),
      ]);
    }
  });

  it('tells of every metric of its own', () => {
    for (const { name } of squadraRows) expect(page).toContain(`\`${name}`);
  });
});

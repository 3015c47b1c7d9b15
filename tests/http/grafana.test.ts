import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { openTestServer } from '../support/http-server.ts';
import type { TestServer } from '../support/http-server.ts';
import { faultsOf, namePattern, readSeries } from '../support/metric-queries.ts';
import type { Series } from '../support/metric-queries.ts';

const targetShape = z.object({ expr: z.string(), legendFormat: z.string() });
const panelShape = z.object({
  title: z.string(),
  type: z.enum(['row', 'stat', 'timeseries']),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z.array(targetShape).default([]),
});
const dashboardShape = z.object({
  title: z.literal('Squadra'),
  templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string().default('') })) }),
  panels: z.array(panelShape),
});
const dashboard = dashboardShape.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../deploy/grafana/squadra.json'), 'utf8')),
);

let server: TestServer;
let series: Series;
beforeAll(async () => {
  const model = scriptedModel(() => ({ text: 'Done.', usage: { inputTokens: 10, outputTokens: 1 } }));
  server = await openTestServer({
    models: { own: model.asProvider() },
    settings: { modelTokensPerMinute: 1_000_000, modelRequestsPerMinute: 1_000 },
  });
  const { squadra } = server.assembly;
  await squadra.squads.create({ name: 'crew', members: [{ role: 'tester', provider: 'own', model: 'm' }] });
  await (await squadra.submit('pipeline', { message: 'Hello', squad: 'crew' })).result();
  await server.ask('/squads');
  series = readSeries((await server.ask('/metrics')).text);
});
afterAll(() => server[Symbol.asyncDispose]());

const targets = dashboard.panels.flatMap((panel) => panel.targets.map((target) => ({ ...target, title: panel.title })));

describe('the dashboard for Grafana', () => {
  it('asks for metrics and labels that a server has', () => {
    expect(targets.length).toBeGreaterThan(60);
    expect(targets.flatMap((target) => faultsOf(target, series).map((fault) => `${target.title}: ${fault}`))).toEqual(
      [],
    );
    for (const { definition } of dashboard.templating.list)
      for (const name of definition.match(namePattern) ?? []) expect(series.has(name)).toBe(true);
  });

  it('would notice what is not there', () => {
    const fault = (expr: string, legendFormat = ''): string => faultsOf({ expr, legendFormat }, series).join('; ');
    expect(fault('sum(squadra_executions{instance=~"$instance", state="running"})')).toBe('');
    expect(fault('rate(squadra_nothing_total[5m])')).toContain('no metric squadra_nothing_total');
    expect(fault('squadra_executions{state="resting"}')).toContain('state="resting"');
    expect(fault('squadra_executions{kind="running"}')).toContain('kind="running"');
    expect(fault('sum by (kind) (squadra_executions)')).toContain('no label kind');
    expect(fault('squadra_executions', '{{kind}}')).toContain('for the legend');
    expect(fault('rate(squadra_commit_duration_seconds_buckets[5m])')).toContain('no metric');
    expect(fault('vector(1)')).toContain('asks for nothing');
  });

  it('shows everything that a server tells', () => {
    const asked = new Set(targets.flatMap(({ expr }) => expr.match(namePattern) ?? []));
    // Of a histogram its buckets are asked for, and here and there how many there were.
    const families = [...series.keys()].map((name) => name.replace(/_(?:sum|count)$/, '_bucket'));
    const missing = families.filter((name) => !asked.has(name) && !asked.has(name.replace(/_bucket$/, '')));
    expect([...new Set(missing)]).toEqual([]);
  });

  it('has its panels side by side, none upon another', () => {
    const covered = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, covered.has(`${x},${y}`)]).toEqual([title, false]);
          covered.add(`${x},${y}`);
        }
    }
  });
});

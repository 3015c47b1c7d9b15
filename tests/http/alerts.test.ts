import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { fleetRows } from '../../src/telemetry/fleet-rows.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { root } from '../repo/repo-files.ts';
import { openTestServer } from '../support/http-server.ts';
import { faultsOf, readSeries } from '../support/metric-queries.ts';
import type { Series } from '../support/metric-queries.ts';

const fileShape = z.strictObject({
  groups: z.tuple([
    z.strictObject({
      name: z.literal('squadra'),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Squadra[A-Z]\w+$/),
          expr: z.string(),
          for: z.string().regex(/^\d+m$/),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
          annotations: z.strictObject({ summary: z.string(), cure: z.string() }),
        }),
      ),
    }),
  ]),
});
const text = readFileSync(join(root, 'deploy/prometheus/alerts.yaml'), 'utf8');
const [{ rules }] = fileShape.parse(parse(text)).groups;
const page = readFileSync(join(root, 'docs/operations/alarms.md'), 'utf8');

let series: Series;
beforeAll(async () => {
  const model = scriptedModel(() => ({ text: 'Done.', usage: { inputTokens: 10, outputTokens: 1 } }));
  const settings = { modelTokensPerMinute: 1_000_000, modelRequestsPerMinute: 1_000 };
  await using server = await openTestServer({ models: { own: model.asProvider() }, settings });
  const { squadra } = server.assembly;
  await squadra.squads.create({ name: 'crew', members: [{ role: 'tester', provider: 'own', model: 'm' }] });
  await (await squadra.submit('pipeline', { message: 'Hello', squad: 'crew' })).result();
  await server.ask('/squads');
  const told = [...readSeries((await server.ask('/metrics')).text), ...fleetSeries()];
  // The class of an answer that failed: here none has.
  const answers = new Map([['status', new Set(['5xx'])]]);
  series = new Map([...told, ['squadra_http_request_duration_seconds_count', answers]]);
});

/** What a process of a fleet tells beside it. */
function fleetSeries(): Series {
  const bus = { listenedTo: 0, published: 0, written: 0, read: 0, lost: 0, isUp: true };
  const dispatcher = { handed: 0, failed: 0, inFlight: 0, isDown: false };
  const secondTier = { hits: 0, misses: 0, unavailable: 0, isUp: true };
  const sharedBuckets = { taken: 0, refused: 0, unavailable: 0 };
  const fleet = { queue: { ready: 0, running: 0 }, dispatcher, bus, secondTier, sharedBuckets };
  return new Map(
    fleetRows.map(({ name, read }) => {
      const told = read({ fleet });
      if (typeof told === 'number' || !Array.isArray(told)) return [name, new Map()];
      const labels = new Map<string, Set<string>>();
      for (const each of told as readonly { readonly labels: Readonly<Record<string, string>> }[])
        for (const [label, value] of Object.entries(each.labels))
          labels.set(label, (labels.get(label) ?? new Set()).add(value));
      return [name, labels];
    }),
  );
}

/** Where Prometheus' own grammar stumbles. */
function syntaxFaults(expr: string): number[] {
  const faults: number[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from }) => {
      if (type.isError) faults.push(from);
    },
  });
  return faults;
}

describe('the alarms', () => {
  it('ask for metrics, labels and values that a server has', () => {
    expect(rules.length).toBeGreaterThan(15);
    const own = rules.filter(({ expr }) => !expr.startsWith('up{'));
    expect(
      own.flatMap(({ alert, expr }) =>
        faultsOf({ expr, legendFormat: '' }, series).map((fault) => `${alert}: ${fault}`),
      ),
    ).toEqual([]);
    expect(faultsOf({ expr: 'max(squadra_executions{state="resting"}) > 1', legendFormat: '' }, series)).toHaveLength(
      1,
    );
    expect(faultsOf({ expr: 'min(squadra_engine_reached) == 0', legendFormat: '' }, series)).toHaveLength(1);
  });

  it('are written in the language of Prometheus', () => {
    expect(rules.flatMap(({ alert, expr }) => syntaxFaults(expr).map((at) => `${alert}: at ${at} of ${expr}`))).toEqual(
      [],
    );
    expect(syntaxFaults('sum by (le (rate(squadra_writes_total[5m]))')).not.toEqual([]);
  });

  it('have a cure each, and every cure is that of an alarm', () => {
    const sections = [...page.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(rules.map(({ alert }) => alert));
    for (const { alert, labels, annotations } of rules) {
      expect(annotations.cure).toBe(`docs/operations/alarms.md#${alert.toLowerCase()}`);
      const [, section = ''] = page.split(new RegExp(`^## ${alert}$`, 'm'));
      const own = section.split(/^## /m)[0] ?? '';
      expect([
        alert,
        own.includes('**Means.**'),
        own.includes('**Cure.**'),
        own.includes(`${labels.severity}, `),
      ]).toEqual([alert, true, true, true]);
      expect([alert, own.includes(annotations.summary)]).toEqual([alert, true]);
    }
  });
});

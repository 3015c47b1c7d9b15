import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Fleet } from '../../scripts/fleet/fleet.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'squadra-fleet-spread-'));
const count = 600;
let fleet: Fleet;

/** Which process did it is what comes out. */
const workflows = `
import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from ${JSON.stringify(join(root, 'src/index.ts'))};
export const placed = defineWorkflow({ name: 'placed', async run({ step }) {
  for (const name of ['a', 'b']) await step.run(name, () => pause(20));
  return step.run('c', () => process.pid);
} });
`;

beforeAll(async () => {
  writeFileSync(join(folder, 'workflows.ts'), workflows);
  writeFileSync(join(folder, 'squadra.yaml'), 'workflows: [./workflows.ts]\n');
  fleet = await Fleet.start({ folder, apis: 1, workers: 4, isDurable: false, poolSize: 8 });
}, 120_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

it('gives each of four workers 15 to 35 % of the work', async () => {
  const ids = await Promise.all(Array.from({ length: count }, submit));
  const pids = await Promise.all(ids.map(outcome));
  const shares = fleet.workers.map(({ pid }) => pids.filter((each) => each === pid).length / count);
  expect(pids.filter((pid) => !fleet.workers.some((worker) => worker.pid === pid))).toEqual([]);
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.15);
  expect(Math.max(...shares)).toBeLessThanOrEqual(0.35);

  const told = await Promise.all([...fleet.apis, ...fleet.workers].map(({ url }) => handedOver(url)));
  expect(told.reduce((sum, taken) => sum + taken, 0)).toBe(count);
}, 120_000);

async function submit(): Promise<string> {
  const response = await fetch(`${fleet.url}/api/v1/executions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ workflow: 'placed', input: {} }),
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

/** What a process says that it has handed to the engine. */
async function handedOver(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toMatch(/^squadra_engine_reachable 1$/m);
  return Number(/^squadra_handovers_total\{result="taken"\} (\d+)$/m.exec(text)?.[1]);
}

/** What it came to; the stream of its events ends with it. */
async function outcome(id: string): Promise<unknown> {
  await (await fetch(`${fleet.url}/api/v1/executions/${id}/events`)).text();
  const execution = (await (await fetch(`${fleet.url}/api/v1/executions/${id}`)).json()) as { output: unknown };
  return execution.output;
}

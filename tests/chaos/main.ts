/**
 * Kills a busy worker at random microseconds and has a separate program judge what is left:
 *
 *     npm run chaos -- [--kills 200] [--seed <n>] [--plant early-delivery|late-intent] [--json] [--keep | --discard]
 *     npm run chaos -- --fleet [--kills 40] [--seed <n>] [--plant no-fence|lost-outbox] [--json] [--keep | --discard]
 *
 * With --fleet it is a whole one on PostgreSQL and Restate, whose processes, servers and connections are broken.
 * What a run leaves is kept when the contract was broken or with --keep, and judged again by verdict.ts <folder>.
 * Exits with 0 when the contract held, with 1 when it did not. The seed fixes what is submitted and when the kills come;
 * what the machine makes of it differs from run to run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../scripts/fleet/own-children.ts';
import { startChild } from './child.ts';
import { fleetChaos } from './fleet/main.ts';
import { chaosPaths } from './logs.ts';
import { isPlant, plants } from './plants.ts';
import { ChaosRig } from './rig.ts';

exitOnSignals();
const { values } = parseArgs({
  options: {
    fleet: { type: 'boolean', default: false },
    kills: { type: 'string' },
    seed: { type: 'string' },
    plant: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    discard: { type: 'boolean', default: false },
  },
});
const kills = Number(values.kills ?? (values.fleet ? 40 : 200));
const seed = values.seed === undefined ? Math.trunc(Math.random() * 1e6) : Number(values.seed);
const problem = problemOf();
if (problem !== null) {
  console.error(`chaos: ${problem}`);
  process.exit(2);
}
// By force: with connections about that were broken, Node's own cleaning up was seen to turn in a circle for ever.
process.exit(values.fleet ? await fleetChaos({ ...values, kills, seed }) : await chaos());

function problemOf(): string | null {
  if (!Number.isInteger(kills) || kills < 0) return `--kills is '${values.kills}'; give a whole number.`;
  if (!Number.isInteger(seed)) return `--seed is '${values.seed}'; give a whole number.`;
  if (values.fleet || values.plant === '' || isPlant(values.plant)) return null;
  return `--plant is '${values.plant}'; the bugs to plant are ${Object.keys(plants).join(', ')}.`;
}

async function chaos(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'squadra-chaos-'));
  const server = startChild(new URL('../../src/testing/model-server/main.ts', import.meta.url), [
    '--log',
    chaosPaths(folder).calls,
    '--latency',
    '4',
    '--pace',
    '1',
    '--chunks',
    '8',
  ]);
  try {
    const port = /^listening (\d+)$/.exec((await server.firstLine) ?? '')?.[1];
    if (port === undefined) throw new Error('The model server did not start.');
    const onKill = (count: number): void => {
      if (!values.json && process.stderr.isTTY)
        process.stderr.write(`\r${count} of ${kills} kills${count === kills ? '\n' : ''}`);
    };
    await new ChaosRig({ folder, kills, seed, plant: values.plant, onKill }, `http://127.0.0.1:${port}/v1`).run();
  } finally {
    server.kill('SIGTERM');
    await server.exited;
  }
  const verdict = fileURLToPath(new URL('./verdict.ts', import.meta.url));
  const { status } = spawnSync(process.execPath, [verdict, folder, ...(values.json ? ['--json'] : [])], {
    stdio: 'inherit',
  });
  const code = status ?? 1;
  if (values.discard || (code === 0 && !values.keep)) rmSync(folder, { recursive: true });
  else console.error(`Everything the run left is in ${folder} (seed ${seed}).`);
  return code;
}

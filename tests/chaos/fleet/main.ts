/** `npm run chaos -- --fleet`: see tests/chaos/main.ts. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../child.ts';
import { fleetPaths } from './paths.ts';
import { fleetPlants, isFleetPlant } from './plants.ts';
import { FleetRig } from './rig.ts';

export interface FleetChaosArguments {
  readonly kills: number;
  readonly seed: number;
  readonly plant: string;
  readonly json: boolean;
  readonly keep: boolean;
  readonly discard: boolean;
}

/** Resolves with the exit code. */
export async function fleetChaos({ kills, seed, plant, json, keep, discard }: FleetChaosArguments): Promise<number> {
  if (plant !== '' && !isFleetPlant(plant)) {
    console.error(
      `chaos: --plant is '${plant}'; of a fleet the bugs to plant are ${Object.keys(fleetPlants).join(', ')}.`,
    );
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'squadra-fleet-chaos-'));
  // Servers that run as somebody else have to come by.
  chmodSync(folder, 0o755);
  const models = startChild(new URL('../../../src/testing/model-server/main.ts', import.meta.url), [
    `--log=${fleetPaths(folder).calls}`,
    '--latency=4',
    '--pace=1',
    '--chunks=8',
  ]);
  let code = 1;
  try {
    const port = /^listening (\d+)$/.exec((await models.firstLine) ?? '')?.[1];
    if (port === undefined) throw new Error('The model server did not start.');
    const onKill = (count: number): void => {
      if (!json && process.stderr.isTTY)
        process.stderr.write(`\r${count} of ${kills} faults${count === kills ? '\n' : ''}`);
    };
    const rig = new FleetRig(
      { folder, kills, seed, plant: plant === '' ? null : plant, onKill },
      `http://127.0.0.1:${port}/v1`,
    );
    code = await rig.run(json ? ['--json'] : []);
  } finally {
    models.kill('SIGTERM');
    await models.exited;
    if (discard || (code === 0 && !keep)) rmSync(folder, { recursive: true, force: true });
    else console.error(`Everything the run left is in ${folder} (seed ${seed}).`);
  }
  return code;
}

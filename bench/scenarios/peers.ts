import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child } from '../measure/child.ts';
import { spread } from '../measure/statistics.ts';
import type { PeerArgument, PeerMessage } from '../peers/drive.ts';
import { roundsFigure } from '../report/figure.ts';
import type { Figure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { inFolder } from '../workload/round.ts';

/** Each is a file in bench/peers, with the package whose version is shown. */
const engines = [
  { file: 'squadra', name: 'Squadra', packageName: null },
  { file: 'openworkflow', name: 'OpenWorkflow on SQLite', packageName: 'openworkflow' },
  { file: 'restate', name: 'Restate', packageName: '@restatedev/restate-server' },
  { file: 'dbos', name: 'DBOS on PostgreSQL', packageName: '@dbos-inc/dbos-sdk' },
] as const;

type Done = Extract<PeerMessage, { kind: 'done' }>;

const installation = fileURLToPath(new URL('../peers/node_modules/', import.meta.url));

/** The same three steps on other engines, each with its defaults and synced to disk, in turn on the same machine. */
export async function peers({ isQuick, rounds: asked, folder, progress }: RunOptions): Promise<Measured> {
  if (!existsSync(installation))
    throw new Error('The other engines are not installed: run `npm install` in bench/peers.');
  // A server may have to run as another user: let it through.
  chmodSync(folder, 0o711);
  const rounds = isQuick ? 1 : asked;
  const sizes = isQuick
    ? { warmUpSeconds: 1, closedSeconds: 2, openSeconds: 3 }
    : { warmUpSeconds: 3, closedSeconds: 10, openSeconds: 20 };
  const load = { ...sizes, atOnce: 200, openPerSecond: 20 };
  const shown = { 'at once': 200, 'seconds at 200 at once': sizes.closedSeconds, 'seconds at 20/s': sizes.openSeconds };
  const measured = new Map<string, Done[]>();
  const notes = [
    'Executions: each engine does as many executions as it can, 200 at once; the latencies are from submit to result at 20 a second, after that load.',
    'OpenWorkflow asks for results once a second; its executions count as done when their function has come to its end.',
  ];
  for (let round = 1; round <= rounds; round++) {
    for (const { file, name } of engines) {
      const message = await inFolder(folder, file, (state) => measure(file, { folder: state, ...load }));
      if (message.kind === 'done') measured.set(name, [...(measured.get(name) ?? []), message]);
      else if (round === 1) notes.push(`${name} could not run here: ${message.why}`);
      progress(`round ${round}: ${name} ${message.kind === 'done' ? `${Math.round(message.perSecond)}/s` : 'skipped'}`);
    }
  }
  const versions = engines.flatMap(({ name, packageName }) =>
    packageName === null ? [] : [[name, versionOf(packageName)] as const],
  );
  return {
    settings: {
      steps: 3,
      'input bytes': 200,
      'bytes per step': 1_024,
      ...shown,
      rounds,
      ...Object.fromEntries(versions),
    },
    figures: [...measured].flatMap(([name, list]) => figuresOf(name, list)),
    plots: [
      {
        kind: 'bars',
        name: 'peers',
        title: 'Three-step executions per second, 200 at once',
        unit: '/s',
        bars: [...measured].map(([label, list]) => ({ label, value: spread(list.map((one) => one.perSecond)).median })),
      },
    ],
    notes,
  };
}

function figuresOf(name: string, list: readonly Done[]): Figure[] {
  return [
    roundsFigure(`${name}: executions`, '/s', spread(list.map((one) => one.perSecond))),
    roundsFigure(`${name}: p50 at 20/s`, 'ms', spread(list.map((one) => one.p50Ms))),
    roundsFigure(`${name}: p99 at 20/s`, 'ms', spread(list.map((one) => one.p99Ms))),
  ];
}

async function measure(file: string, argument: PeerArgument): Promise<PeerMessage> {
  await using child = new Child<PeerMessage>(`peers/${file}`, argument);
  const { message } = await child.any();
  await child.exited();
  return message;
}

function versionOf(packageName: string): string {
  const manifest = JSON.parse(readFileSync(`${installation}${packageName}/package.json`, 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

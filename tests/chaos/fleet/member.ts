/**
 * A process of the fleet, as `squadra serve` opens it, that writes down what its steps do and what its runs commit:
 *
 *     node tests/chaos/fleet/member.ts --folder <folder> --name <name of this life>
 *
 * What it is part of comes from the environment. Prints "working" when it takes requests; SIGTERM stops it in good order.
 */
import { parseArgs } from 'node:util';
import { openAssembly } from '../../../src/compose.ts';
import { Readiness } from '../../../src/http/readiness.ts';
import { startServer } from '../../../src/http/server.ts';
import { LineLog } from '../logs.ts';
import type { EffectLine } from '../logs.ts';
import { wrapSessions } from '../../support/wrap-sessions.ts';
import { watchCommits } from './commit-watch.ts';
import { fleetJobs } from './jobs.ts';
import { fleetPaths } from './paths.ts';
import type { CommitLine } from './paths.ts';

const { values } = parseArgs({
  options: { folder: { type: 'string', default: '' }, name: { type: 'string', default: '' } },
});
const paths = fleetPaths(values.folder);
using effects = new LineLog<EffectLine>(paths.effects(values.name));
using commits = new LineLog<CommitLine>(paths.commits(values.name));
let tokens = 0;
const jobs = fleetJobs({ effects, token: () => `${values.name}.${++tokens}` });
const stopped = new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));

const assembly = await openAssembly(
  { stateDir: values.folder, workflows: jobs.map(({ workflow }) => workflow) },
  {
    command: 'serve',
    decorate: (executions) => wrapSessions(executions, watchCommits(commits)),
  },
);
{
  await using _squadra = assembly.squadra;
  const server = await startServer({ ...assembly, readiness: new Readiness(), dashboard: null }, assembly.settings);
  console.log('working');
  await stopped;
  await server.close();
}
process.exit(0);

/**
 * `npm run bench -- <scenario …> [--json] [--quick] [--minutes n] [--rounds n]`: measures what is promised, prints asked beside got, and
 * keeps the result with date and commit under bench/results. `all` runs every scenario but those that take long or need
 * installations of their own; `report` writes the kept results into the README and docs/benchmarks.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../scripts/fleet/own-children.ts';
import { bareCommit } from './measure/bare-commit.ts';
import { machine } from './measure/machine.ts';
import { writeDocuments } from './report/documents.ts';
import { keep } from './report/result-file.ts';
import type { Result } from './report/result-file.ts';
import { resultText } from './report/text.ts';
import type { Scenario } from './scenario.ts';
import { agents } from './scenarios/agents.ts';
import { api } from './scenarios/api.ts';
import { convoy } from './scenarios/convoy.ts';
import { dashboard } from './scenarios/dashboard.ts';
import { fleetCache } from './scenarios/fleet-cache.ts';
import { fleet } from './scenarios/fleet.ts';
import { latency } from './scenarios/latency.ts';
import { limiter } from './scenarios/limiter.ts';
import { metrics } from './scenarios/metrics.ts';
import { overload } from './scenarios/overload.ts';
import { parked } from './scenarios/parked.ts';
import { peers } from './scenarios/peers.ts';
import { recovery } from './scenarios/recovery.ts';
import { soak } from './scenarios/soak.ts';
import { throughput } from './scenarios/throughput.ts';
import { users } from './scenarios/users.ts';
import { workItems } from './scenarios/work-items.ts';

const scenarios: Readonly<Record<string, Scenario>> = {
  throughput,
  latency,
  parked,
  recovery,
  'work-items': workItems,
  agents,
  convoy,
  limiter,
  api,
  users,
  overload,
  metrics,
  dashboard,
  fleet,
  'fleet-cache': fleetCache,
  soak,
  peers,
};
/** What is measured in parts, each with a result of its own. */
const parts: Readonly<Record<string, readonly string[]>> = { fleet: ['fleet', 'fleet-cache'] };
/** What `all` leaves out: half an hour, ten thousand connections, and what needs other servers. */
const apart = new Set(['soak', 'users', 'fleet', 'fleet-cache', 'peers']);

exitOnSignals();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
  },
});
const names = positionals.flatMap((name) =>
  name === 'all' ? Object.keys(scenarios).filter((one) => !apart.has(one)) : (parts[name] ?? [name]),
);
const unknown = names.filter((name) => name !== 'report' && scenarios[name] === undefined);
if (names.length === 0 || unknown.length > 0) {
  console.error(
    `usage: npm run bench -- <${[...Object.keys(scenarios), 'all', 'report'].join('|')}> [--json] [--quick] [--minutes n]`,
  );
  process.exit(2);
}
for (const name of names) {
  try {
    if (name === 'report') console.log(writeDocuments().join('\n'));
    else await runScenario(name, scenarios[name]);
  } catch (error) {
    // The others are measured all the same.
    console.error(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = 1;
  }
}

async function runScenario(name: string, scenario: Scenario | undefined): Promise<void> {
  if (scenario === undefined) return;
  // On the disk of the clone: /tmp may be memory.
  const parent = fileURLToPath(new URL('results/tmp/', import.meta.url));
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `${name}-`));
  const progress = (line: string): void => console.error(`${name}: ${line}`);
  try {
    const before = {
      date: new Date().toISOString(),
      commit: commit(),
      machine: machine(),
      bareCommit: bareCommit(folder),
    };
    const amounts = { minutes: Number(values.minutes), rounds: Number(values.rounds) };
    const measured = await scenario({ isQuick: values.quick, ...amounts, folder, progress });
    const result: Result = { scenario: name, ...before, isQuick: values.quick, ...measured };
    const path = keep(result);
    console.log(values.json ? JSON.stringify(result) : resultText(result));
    progress(`kept in ${path}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With a `+` when the sources are not those of the commit. */
function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', '../src', '.');
  return git('rev-parse', '--short=12', 'HEAD') + (changed === '' ? '' : '+');
}

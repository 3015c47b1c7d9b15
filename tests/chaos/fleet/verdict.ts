/**
 * Judges what a chaos run of a fleet left behind, from the tables and the logs alone:
 *
 *     node tests/chaos/fleet/verdict.ts <folder> [--database <url>] [--json]
 *
 * With a database its tables are read and kept in the folder, so that it can be judged again when the database is gone. Exits with
 * 0 when the contract held, with 1 when it did not.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { asJson, asTable } from '../judgement-table.ts';
import { readFleetEvidence } from './evidence.ts';
import { judgeFleet } from './judgement.ts';
import { fleetPaths } from './paths.ts';
import { readFleetState } from './state.ts';

const { values, positionals } = parseArgs({
  options: { database: { type: 'string' }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [folder = '.'] = positionals;
if (values.database !== undefined)
  writeFileSync(fleetPaths(folder).state, JSON.stringify(await readFleetState(values.database)));
const judgement = judgeFleet(readFleetEvidence(folder));
console.log(values.json ? asJson(judgement) : asTable(judgement));
process.exitCode = judgement.passed ? 0 : 1;

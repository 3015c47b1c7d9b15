/**
 * Judges what a chaos run left behind, from the database file and the logs alone:
 *
 *     node tests/chaos/verdict.ts <folder> [--json]
 *
 * Exits with 0 when the contract held, with 1 when it did not.
 */
import { parseArgs } from 'node:util';
import { readEvidence } from './evidence.ts';
import { asJson, asTable } from './judgement-table.ts';
import { judge } from './judgement.ts';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [folder = '.'] = positionals;
const judgement = judge(readEvidence(folder));
console.log(values.json ? asJson(judgement) : asTable(judgement));
process.exitCode = judgement.passed ? 0 : 1;

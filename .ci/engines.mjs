/** Prints, from vitest's JSON report, how each engine did in each part of the suite that all engines have to pass. A skip fails. */
import { readFileSync } from 'node:fs';

const rows = new Map();
try {
  const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  for (const { name, assertionResults } of report.testResults) {
    if (!/tests\/engines\/.*suite/.test(name)) continue;
    for (const { ancestorTitles, status } of assertionResults) {
      const [engine = name, part = 'every shape of workflow'] = ancestorTitles;
      const key = `${engine}\n${part}`;
      const row = rows.get(key) ?? { engine, part, passed: 0, failed: 0, skipped: 0 };
      row[status === 'passed' ? 'passed' : status === 'failed' ? 'failed' : 'skipped'] += 1;
      rows.set(key, row);
    }
  }
} catch (error) {
  console.error(`no test report: ${error.message}`);
}
const all = [...rows.values()];
const width = (of) => Math.max(...all.map((row) => String(row[of]).length), of.length);
const line = (row) =>
  `${String(row.engine).padEnd(width('engine'))}  ${String(row.part).padEnd(width('part'))}  ${String(row.passed).padStart(6)}  ${String(row.failed).padStart(6)}  ${String(row.skipped).padStart(7)}`;
if (all.length > 0) {
  console.log(line({ engine: 'engine', part: 'suite', passed: 'passed', failed: 'failed', skipped: 'skipped' }));
  for (const row of all) console.log(line(row));
}
process.exitCode = all.length > 0 && all.every((row) => row.failed === 0 && row.skipped === 0) ? 0 : 1;

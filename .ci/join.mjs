/** Puts what a second run of some files reports in place of what the first report says of them. */
import { readFileSync, writeFileSync } from 'node:fs';

const [, , reportFile, againFile] = process.argv;
const first = JSON.parse(readFileSync(reportFile, 'utf8'));
const again = JSON.parse(readFileSync(againFile, 'utf8'));
const names = new Set(again.testResults.map((file) => file.name));
const testResults = [...first.testResults.filter((file) => !names.has(file.name)), ...again.testResults];
const tests = testResults.flatMap((file) => file.assertionResults);
const count = (/** @type {string[]} */ ...statuses) => tests.filter((test) => statuses.includes(test.status)).length;
writeFileSync(
  reportFile,
  JSON.stringify({
    ...first,
    success: again.success,
    numTotalTests: tests.length,
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending', 'skipped', 'disabled'),
    numTodoTests: count('todo'),
    testResults,
  }),
);

/**
 * Prints, from vitest's JSON report and from what it printed, what failed and why, and then `N passed, N failed, N skipped`: whoever
 * reads only the end of the output learns both. Exits 1 unless something passed and nothing failed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const [, , reportFile, logFile] = process.argv;

/** How much is told of a failure, in lines: the message, what was expected, and where. */
const LINES = 30;
const tell = (title, message) => console.log(`-- ${title}\n${message.split('\n').slice(0, LINES).join('\n')}\n`);

/** A process of the tests that was ended by Node itself or by a signal leaves a test that never ended, and no message. */
const unfinished = (file) => {
  const running = file.assertionResults.filter((test) => test.status === 'pending').map((test) => test.fullName);
  return `The file did not finish: its process ended. Running were: ${running.join('; ') || 'none of its tests'}.`;
};

/** What vitest says of errors outside of tests, and what V8 and Node say before they end a process: neither is in the report. */
const tellErrorsOutside = () => {
  if (logFile === undefined || !existsSync(logFile)) return;
  const lines = stripVTControlCharacters(readFileSync(logFile, 'utf8')).split('\n');
  const last = (/** @type {RegExp} */ what) => lines.findLastIndex((line) => what.test(line));
  for (const [title, what] of [
    ['what ended a process', /# Fatal error|FATAL ERROR|Check failed|Segmentation fault/],
    ['errors outside of tests', /Unhandled Errors/],
  ]) {
    const from = last(what);
    if (from >= 0) tell(title, lines.slice(Math.max(from - 3, 0)).join('\n'));
  }
};

const counts = { passed: 0, failed: 0, skipped: 0 };
try {
  const report = JSON.parse(readFileSync(reportFile, 'utf8'));
  counts.passed = report.numPassedTests;
  counts.failed = report.numFailedTests;
  counts.skipped = report.numPendingTests + report.numTodoTests;
  // A file that does not load, or whose set-up fails, has no failed test to count.
  const failed = report.testResults.filter((file) => file.status === 'failed');
  counts.failed += failed.filter((file) => file.assertionResults.every((test) => test.status !== 'failed')).length;
  for (const file of failed) {
    if (file.message) tell(file.name, file.message);
    else if (file.assertionResults.every((test) => test.status !== 'failed')) tell(file.name, unfinished(file));
    for (const test of file.assertionResults)
      if (test.status === 'failed') tell(`${file.name} > ${test.fullName}`, test.failureMessages.join('\n'));
  }
} catch (error) {
  counts.failed += 1;
  console.error(`no test report: ${error.message}`);
}
tellErrorsOutside();
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

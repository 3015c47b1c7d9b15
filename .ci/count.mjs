/** Prints `N passed, N failed, N skipped` from vitest's JSON report; exits 1 unless something passed and nothing failed. */
import { readFileSync } from 'node:fs';

const counts = { passed: 0, failed: 0, skipped: 0 };
try {
  const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  counts.passed = report.numPassedTests;
  counts.failed = report.numFailedTests;
  counts.skipped = report.numPendingTests + report.numTodoTests;
  // A file that does not load, or whose set-up fails, has no failed test to count.
  const failed = report.testResults.filter((file) => file.status === 'failed');
  counts.failed += failed.filter((file) => file.assertionResults.every((test) => test.status !== 'failed')).length;
} catch (error) {
  counts.failed += 1;
  console.error(`no test report: ${error.message}`);
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

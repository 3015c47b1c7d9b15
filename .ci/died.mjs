/**
 * Prints, a line each, the test files whose process was ended by a fault in Node's own machine code, where that is all that went
 * wrong: no test failed, and no other error fell outside of tests. Nothing otherwise.
 *
 * V8 loses count of its pages of machine code at times, and takes the process along (https://github.com/nodejs/node/issues/64500).
 * Such a file has shown nothing, neither good nor bad.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const [, , reportFile, logFile] = process.argv;
/** More than this is no accident. */
const most = 2;

const report = JSON.parse(readFileSync(reportFile, 'utf8'));
const log = stripVTControlCharacters(readFileSync(logFile, 'utf8'));
const deaths = log.matchAll(
  /Worker exited unexpectedly with signal SIG(?:SEGV|TRAP|ILL|BUS|ABRT) .*while running test file (\S+)/g,
);
const died = new Set([...deaths].map(([, file]) => file));
const errors = Number(/Vitest caught (\d+) unhandled error/.exec(log)?.[1] ?? 0);
const failed = report.testResults.filter((file) => file.status === 'failed' && !died.has(file.name));
if (report.numFailedTests === 0 && failed.length === 0 && errors === died.size && died.size <= most)
  for (const file of died) console.log(relative(process.cwd(), file));

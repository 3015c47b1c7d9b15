import { defineConfig } from 'vitest/config';
import type { TestProjectConfiguration } from 'vitest/config';
import { findInngest } from './scripts/fleet/inngest-place.ts';

// A real Inngest, where there is one; to all other tests there is none.
const inngest = findInngest(process.env);
for (const name of ['URL', 'EVENT_KEY', 'SIGNING_KEY']) {
  const value = process.env[`INNGEST_${name === 'URL' ? 'BASE_URL' : name}`];
  if (value !== undefined) process.env[`TEST_INNGEST_${name}`] ??= value;
}
const realInngest = 'tests/engines/inngest/server/**';

// Whoever runs the tests may have keys of real models in the environment: no test may come to use one.
for (const name of Object.keys(process.env))
  if (/^(?:SQUADRA|OPENAI|ANTHROPIC|GROQ|OLLAMA|RESTATE|INNGEST|REDIS|NATS)_/.test(name)) delete process.env[name];

// The server on which the tests of a fleet may make databases; to all other tests nobody has one.
const { DATABASE_URL: databaseUrl } = process.env;
delete process.env['DATABASE_URL'];
if (databaseUrl !== undefined) process.env['TEST_DATABASE_URL'] ??= databaseUrl;
/** Each worker has a server to itself. */
const databaseServers = process.env['TEST_DATABASE_URL'] === undefined ? 2 : 1;

const onRealInngest: TestProjectConfiguration = {
  extends: true,
  test: {
    name: 'inngest-server',
    include: [`${realInngest}/*.test.ts`],
    globalSetup: ['tests/support/started-inngest.ts'],
    // It keeps what it is told in a database of its own, and pauses for a second before it tries again.
    testTimeout: 600_000,
    sequence: { groupOrder: 4 },
    maxWorkers: 1,
  },
};

export default defineConfig({
  test: {
    // Every test waits for events, never for the clock; the ceiling only ends a test that hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Processes, not threads: crash and race tests start worker threads and children of their own.
    pool: 'forks',
    maxWorkers: 2,
    // V8 loses count of its pages of machine code where many threads come and go, and where the processor protects such pages it
    // ends the process (`Check failed: jit_page.has_value()`).
    execArgv: ['--no-memory-protection-keys'],
    projects: [
      {
        extends: true,
        test: {
          name: 'squadra',
          include: ['tests/**/*.test.ts'],
          exclude: [
            'tests/browser/**',
            'tests/**/postgres/**',
            'tests/**/inngest/**',
            'tests/fleet/**',
            'tests/deploy/executed/**',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'fleet',
          include: ['postgres', 'inngest']
            .map((one) => `tests/**/${one}/**/*.test.ts`)
            .concat('tests/fleet/**/*.test.ts', 'tests/deploy/executed/**/*.test.ts'),
          exclude: [realInngest],
          globalSetup: ['tests/support/started-postgres.ts'],
          sequence: { groupOrder: 2 },
          maxWorkers: databaseServers,
        },
      },
      {
        extends: true,
        test: {
          // The same through a PgBouncer in transaction mode with two connections for each database.
          name: 'fleet-pooled',
          include: ['tests/**/postgres/**/*.test.ts'],
          globalSetup: ['tests/support/started-pgbouncer.ts'],
          sequence: { groupOrder: 3 },
          maxWorkers: databaseServers,
        },
      },
      ...(inngest === null ? [] : [onRealInngest]),
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: ['tests/browser/support/built-dashboard.ts'],
          // After all others, one file at a time: a browser alone keeps two cores busy.
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // scripts/coverage.ts adds what ran in other threads and processes, and holds the result to its threshold.
      reporter: ['json'],
      reportsDirectory: 'coverage',
    },
  },
});

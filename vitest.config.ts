import { defineConfig } from 'vitest/config';

// Whoever runs the tests may have keys of real models in the environment: no test may come to use one.
for (const name of Object.keys(process.env))
  if (/^(?:SQUADRA|OPENAI|ANTHROPIC|GROQ|OLLAMA)_/.test(name)) delete process.env[name];

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
      { extends: true, test: { name: 'squadra', include: ['tests/**/*.test.ts'], exclude: ['tests/browser/**'] } },
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

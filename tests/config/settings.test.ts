import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingsPage } from '../../scripts/write-reference.ts';
import { settingTable } from '../../src/config/setting-table.ts';
import type { Environment, SettingOptions } from '../../src/config/settings.ts';
import { optionName, readProcessSettings, readSettings } from '../../src/config/settings.ts';
import { SquadraError } from '../../src/kernel/errors.ts';

const keys = Object.keys(settingTable) as (keyof typeof settingTable)[];

function problemsOf(environment: Environment, overrides: Record<string, unknown> = {}): unknown {
  try {
    readSettings(environment, overrides as SettingOptions);
    return [];
  } catch (error) {
    if (!(error instanceof SquadraError) || error.code !== 'INVALID_SETTING') throw error;
    return error.details['problems'];
  }
}

describe('the settings', () => {
  it('all have their defaults when nobody says anything', () => {
    expect(readSettings({})).toEqual(
      Object.fromEntries(Object.entries(settingTable).map(([key, row]) => [key, row.default])),
    );
    expect(readSettings({})).toMatchObject({
      stateDir: '.squadra',
      maxConcurrentExecutions: 10_000,
      maxConcurrentModelCalls: 2000,
      maxQueuedExecutions: 100_000,
      backpressureThreshold: 0.8,
      maxResultBytes: 4 * 1024 ** 2,
      retentionDays: 90,
      shutdownGraceMs: 30_000,
      openaiApiKey: null,
    });
  });

  it('come from the environment, durations and sizes with their units', () => {
    const settings = readSettings({
      SQUADRA_STATE_DIR: '/var/lib/squadra',
      SQUADRA_MAX_STEPS: ' 500 ',
      SQUADRA_BACKPRESSURE_THRESHOLD: '0.5',
      SQUADRA_RETENTION_DAYS: '0.5',
      SQUADRA_SHUTDOWN_GRACE: '1m30s',
      SQUADRA_MAX_RESULT_BYTES: '1.5MiB',
      SQUADRA_MAX_INPUT_BYTES: '2048',
      SQUADRA_LOG_LEVEL: 'debug',
      OPENAI_API_KEY: 'sk-1 ',
      OPENAI_BASE_URL: 'http://localhost:11434/v1/',
      OPENAI_ORG_ID: 'not ours',
      PATH: '/bin',
    });
    expect(settings).toMatchObject({
      stateDir: '/var/lib/squadra',
      maxSteps: 500,
      backpressureThreshold: 0.5,
      retentionDays: 0.5,
      shutdownGraceMs: 90_000,
      maxResultBytes: 1.5 * 1024 ** 2,
      maxInputBytes: 2048,
      logLevel: 'debug',
      openaiApiKey: 'sk-1',
      openaiBaseUrl: 'http://localhost:11434/v1',
    });
  });

  it('read lists of hosts and addresses', () => {
    const listed = ' Docs.Example.com, *.bücher.example,, 10.0.0.0/8,::1, * ';
    const fetchAllow = ['docs.example.com', '*.xn--bcher-kva.example', '10.0.0.0/8', '::1', '*'];
    expect(readSettings({ SQUADRA_FETCH_ALLOW: listed })).toMatchObject({ fetchAllow });
    expect(readSettings({}, { fetchAllow: listed.split(',') })).toMatchObject({ fetchAllow });
  });

  it.each(['https://example.com', 'example.com:80', '10.0.0.0/40', 'a b', '*.*', '-/x'])(
    'know that %s is no host',
    (host) => {
      expect(problemsOf({ SQUADRA_FETCH_ALLOW: `a.example, ${host}` })).toEqual([
        expect.stringContaining(`contains '${host}', which is no host`),
      ]);
    },
  );

  it('given in code win over the environment', () => {
    const environment = { SQUADRA_MAX_STEPS: '500', SQUADRA_SHUTDOWN_GRACE: '1m', OPENAI_API_KEY: 'sk-1' };
    const settings = readSettings(environment, { maxSteps: 7, shutdownGrace: { seconds: 2 }, openaiApiKey: null });
    expect(settings).toMatchObject({ maxSteps: 7, shutdownGraceMs: 2000, openaiApiKey: null });
  });

  it('do not look at a variable that code overrides', () => {
    expect(readSettings({ SQUADRA_MAX_STEPS: 'many' }, { maxSteps: 7 }).maxSteps).toBe(7);
  });

  it('may be passed on as they were read', () => {
    const settings = readSettings({ SQUADRA_STEP_TIMEOUT: '5s' });
    expect(readSettings({}, settings)).toEqual(settings);
  });

  it('count an empty variable and an undefined option as absent', () => {
    const settings = readSettings({ SQUADRA_MAX_STEPS: '', OPENAI_API_KEY: ' ' }, { maxSteps: undefined } as never);
    expect(settings).toEqual(readSettings({}));
  });

  it('can be read from this process', () => {
    expect(readProcessSettings({ maxSteps: 3 }).maxSteps).toBe(3);
  });
});

describe('wrong settings', () => {
  it('are those that contradict each other', () => {
    expect(problemsOf({ SQUADRA_BASELINE_PARALLELISM: '30' })).toEqual([
      'SQUADRA_BASELINE_PARALLELISM (30) is more than SQUADRA_MAX_PARALLELISM (20)',
    ]);
    expect(problemsOf({}, { baselineParallelism: 9, maxParallelism: 9 })).toEqual([]);
  });

  it.each(['0', '101', '-1'])('include a threshold of %s percent', (threshold) => {
    expect(problemsOf({ SQUADRA_CPU_THRESHOLD: threshold, SQUADRA_MEMORY_THRESHOLD: threshold })).toHaveLength(2);
  });

  it('are all listed at once, in the message and in the details', () => {
    const environment = { SQUADRA_READERS: '99', SQUADRA_STALL_TIMEOUT: '30', SQUADRA_MAX_STEPZ: '1' };
    const overrides = { stateDirr: 'x', maxConcurrentExecutions: 0 };
    const problems = problemsOf(environment, overrides);
    expect(problems).toEqual([
      'SQUADRA_MAX_STEPZ is not a setting of this version; did you mean SQUADRA_MAX_STEPS?',
      'stateDirr is not a setting of this version; did you mean stateDir?',
      'maxConcurrentExecutions: 0 is out of bounds: 1 to 1000000',
      "SQUADRA_STALL_TIMEOUT: '30' is not a duration with a unit, as '500ms', '30s' or '10m'",
      "SQUADRA_READERS: '99' is out of bounds: 1 to 16",
    ]);
    for (const problem of problems as string[]) {
      expect(() => readSettings(environment, overrides as never)).toThrow(problem);
    }
  });

  it.each([
    ['SQUADRA_MAX_STEPS', 'ten'],
    ['SQUADRA_MAX_STEPS', '0x10'],
    ['SQUADRA_MAX_STEPS', '1.5'],
    ['SQUADRA_MAX_STEPS', '-1'],
    ['SQUADRA_BACKPRESSURE_THRESHOLD', '1.01'],
    ['SQUADRA_BACKPRESSURE_THRESHOLD', 'NaN'],
    ['SQUADRA_MAX_RESULT_BYTES', '4 parsecs'],
    ['SQUADRA_MAX_RESULT_BYTES', '0.3'],
    ['SQUADRA_MAX_RESULT_BYTES', '1GiB'],
    ['SQUADRA_SHUTDOWN_GRACE', '30'],
    ['SQUADRA_SHUTDOWN_GRACE', '2h'],
    ['SQUADRA_LOG_LEVEL', 'verbose'],
    ['OPENAI_BASE_URL', 'localhost:8080'],
    ['OPENAI_BASE_URL', 'file:///etc/passwd'],
  ])('%s=%s is refused', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(`${name}: '${value}' is`)]);
  });

  it.each<[string, unknown]>([
    ['maxSteps', null],
    ['maxSteps', Number.NaN],
    ['maxSteps', Number.POSITIVE_INFINITY],
    ['maxSteps', true],
    ['maxResultBytes', {}],
    ['stateDir', ''],
    ['stateDir', 5],
    ['shutdownGrace', 'soon'],
    ['shutdownGrace', {}],
    ['logLevel', 3],
    ['openaiApiKey', ''],
    ['openaiBaseUrl', 5],
    ['toString', 5],
  ])('{ %s: %j } in code is refused', (name, value) => {
    expect(problemsOf({}, { [name]: value })).toEqual([expect.stringContaining(name)]);
  });

  it('of a later version are refused, not ignored', () => {
    expect(problemsOf({ SQUADRA_SHARDS: '4' })).toEqual([expect.stringMatching(/^SQUADRA_SHARDS is not a setting/)]);
  });

  it('given under two names are refused', () => {
    expect(problemsOf({}, { stepTimeout: '5s', stepTimeoutMs: 5000 })).toEqual([
      expect.stringContaining('given twice'),
    ]);
  });

  it('do not show secrets', () => {
    expect(JSON.stringify(problemsOf({}, { openaiApiKey: 123_456_789 }))).not.toContain('123456789');
  });
});

describe('the table of settings', () => {
  it.each(keys)('holds a default for %s that it would accept itself', (key) => {
    const row = settingTable[key];
    expect(row.parse(row.default)).toEqual({ ok: true, value: row.default });
    expect(row.doc).toMatch(/^[A-Z][^\n]{20,}\.$/);
    expect(row.env).toMatch(
      /^(?:SQUADRA|OPENAI|ANTHROPIC|GROQ|OLLAMA|OTEL|DATABASE|RESTATE|NATS|REDIS|INNGEST)(?:_[A-Z]+)+$/,
    );
  });

  it('accepts each default as a person would write it', () => {
    const written = keys.flatMap((key) => {
      const { env, shownDefault } = settingTable[key];
      return shownDefault === 'none' ? [] : [[env, shownDefault] as const];
    });
    expect(readSettings(Object.fromEntries(written))).toEqual(readSettings({}));
  });

  it('names a setting in code as in the environment, in camelCase', () => {
    for (const key of keys) {
      const words = settingTable[key].env.replace('SQUADRA_', '').toLowerCase();
      expect(optionName(key)).toBe(words.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
    }
  });

  it('is what the reference page says, to the letter', () => {
    expect(readFileSync(new URL('../../docs/reference/settings.md', import.meta.url), 'utf8')).toBe(settingsPage());
  });
});

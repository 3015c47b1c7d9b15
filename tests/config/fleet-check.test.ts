import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/config/settings.ts';
import type { Environment } from '../../src/config/settings.ts';
import { SquadraError } from '../../src/kernel/errors.ts';

const database = { DATABASE_URL: 'postgres://squadra:secret@127.0.0.1:5432/squadra' };
const restate = { SQUADRA_ENGINE: 'restate', ...database };
const whole = { ...restate, RESTATE_INGRESS_URL: 'http://127.0.0.1:8080', RESTATE_ADMIN_URL: 'http://127.0.0.1:9070' };

const inngest = { SQUADRA_ENGINE: 'inngest', ...database };
const keys = { INNGEST_EVENT_KEY: 'event', INNGEST_SIGNING_KEY: 'signkey-prod-00' };

function problemsOf(environment: Environment): readonly string[] {
  try {
    readSettings(environment);
    return [];
  } catch (error) {
    if (!(error instanceof SquadraError)) throw error;
    return error.details['problems'] as string[];
  }
}

describe('a fleet', () => {
  it.each<[string, Environment]>([
    ['all in one', whole],
    ['that only answers', { ...restate, SQUADRA_ROLE: 'api', RESTATE_INGRESS_URL: 'http://a:8080,http://b:8080' }],
    [
      'that only works',
      { ...restate, SQUADRA_ROLE: 'worker', RESTATE_ADMIN_URL: 'http://a:9070', RESTATE_INGRESS_URL: 'http://a:8080' },
    ],
    ['with NATS', { ...whole, NATS_URL: 'nats://user:secret@a:4222, tls://b' }],
    ['with Redis', { ...whole, REDIS_URL: 'rediss://user:secret@a:6379/1' }],
    ['that is none, though there is Redis for something else', { SQUADRA_ENGINE: 'embedded', REDIS_URL: 'redis://a' }],
    ['that is none, though there is NATS for something else', { SQUADRA_ENGINE: 'embedded', NATS_URL: 'nats://a' }],
    ['on Inngest', { ...inngest, ...keys }],
    ['on Inngest that only answers', { ...inngest, SQUADRA_ROLE: 'api', INNGEST_EVENT_KEY: 'event' }],
    ['on a dev server of Inngest', { ...inngest, INNGEST_DEV: '1' }],
    ['on a dev server somewhere else', { ...inngest, INNGEST_DEV: 'http://inngest:8288' }],
    ['that is none, though there is a database for something else', { SQUADRA_ENGINE: 'embedded', ...database }],
  ])('%s has all it needs', (_, environment) => {
    expect(problemsOf(environment)).toEqual([]);
  });

  it.each<[Environment, readonly RegExp[]]>([
    [database, [/SQUADRA_ENGINE=restate.*SQUADRA_ENGINE=embedded/]],
    [{ SQUADRA_ROLE: 'worker' }, [/SQUADRA_ENGINE=restate .* and DATABASE_URL/]],
    [{ SQUADRA_ENGINE: 'restate' }, [/DATABASE_URL/, /RESTATE_INGRESS_URL/, /RESTATE_ADMIN_URL/]],
    [{ ...restate, SQUADRA_ROLE: 'api' }, [/RESTATE_INGRESS_URL/]],
    [{ SQUADRA_ENGINE: 'inngest' }, [/DATABASE_URL/, /INNGEST_EVENT_KEY/, /INNGEST_SIGNING_KEY/]],
    [{ ...inngest, INNGEST_DEV: '0' }, [/INNGEST_EVENT_KEY/, /INNGEST_SIGNING_KEY/]],
    [{ ...inngest, ...keys, INNGEST_DEV: 'maybe' }, [/^INNGEST_DEV: .* is neither 1 nor 0 nor an address/]],
    [{ ...inngest, ...keys, SQUADRA_INNGEST_TRANSPORT: 'pigeon' }, [/^SQUADRA_INNGEST_TRANSPORT/]],
    [{ ...restate, SQUADRA_ROLE: 'worker' }, [/RESTATE_INGRESS_URL/, /RESTATE_ADMIN_URL/]],
    [
      { ...whole, DATABASE_URL: 'mysql://127.0.0.1/other' },
      [/^DATABASE_URL is not an address postgres/, /needs DATABASE_URL/],
    ],
    [{ NATS_URL: 'nats://127.0.0.1:4222' }, [/NATS joins the processes of a fleet.*SQUADRA_ENGINE=embedded/]],
    [{ REDIS_URL: 'redis://127.0.0.1' }, [/Redis is shared by the processes of a fleet.*SQUADRA_ENGINE=embedded/]],
    [{ ...whole, REDIS_URL: '127.0.0.1:6379' }, [/^REDIS_URL is not an address redis:/]],
    [{ ...whole, NATS_URL: 'http://127.0.0.1:4222' }, [/^NATS_URL is not a list of addresses nats:/]],
    [{ ...whole, NATS_URL: 'nats://a:4222,' }, [/^NATS_URL is not a list/]],
    [{ ...whole, RESTATE_INGRESS_URL: 'http://a:8080, b' }, [/^RESTATE_INGRESS_URL/, /needs RESTATE_INGRESS_URL/]],
  ])('%j is refused, and all that is missing is named', (environment, expected) => {
    const problems = problemsOf(environment);
    expect(problems).toHaveLength(expected.length);
    for (const [place, pattern] of expected.entries()) expect(problems[place]).toMatch(pattern);
  });

  it('never shows the keys of Inngest', () => {
    const problems = problemsOf({
      ...inngest,
      ...keys,
      INNGEST_SIGNING_KEY: ' ',
      INNGEST_EVENT_KEY: 'secret-key',
      SQUADRA_ROLE: 'x',
    });
    expect(problems).not.toEqual([]);
    expect(problems.join()).not.toContain('secret-key');
  });

  it('never shows what opens its servers', () => {
    expect(problemsOf({ ...whole, DATABASE_URL: 'http://u:hunter2@x' }).join()).not.toContain('hunter2');
    expect(problemsOf({ ...whole, NATS_URL: 'http://hunter2@x' }).join()).not.toContain('hunter2');
    expect(problemsOf({ ...whole, REDIS_URL: 'http://hunter2@x' }).join()).not.toContain('hunter2');
  });
});

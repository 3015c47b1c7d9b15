import { createHmac } from 'node:crypto';
import { exportSPKI, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettingOptions } from '../../../src/config/settings.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, TestServer } from '../../support/http-server.ts';
import { newIssuerKey, openTestIssuer } from './test-issuer.ts';
import type { TestIssuer } from './test-issuer.ts';

const submission = { message: 'Say hello', start: false };

function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function submit(server: TestServer, key: string): Promise<Answer> {
  return server.ask('/executions', { key, body: submission });
}

/** What the submission that was just accepted belongs to. */
async function owner(server: TestServer, answer: Answer, tenant: string) {
  expect(answer.body).toMatchObject({ id: expect.any(String) });
  const { id } = answer.body as { readonly id: string };
  return server.assembly.squadra.forTenant(tenant).run(id).get();
}

describe('tokens of an issuer', () => {
  let issuer: TestIssuer;
  let server: TestServer;
  beforeAll(async () => {
    issuer = await openTestIssuer();
    server = await openTestServer({ settings: { oidcIssuer: issuer.url } });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
  });

  it('make a user at first sight, who is found again and renamed later', async () => {
    const first = await submit(server, await issuer.token({ name: 'Maren', email: 'maren@example.org' }));
    expect(first.status).toBe(202);
    const { tenant, userId } = await owner(server, first, 'org_acme');
    expect([tenant, userId]).toEqual(['org_acme', expect.any(String)]);
    const again = await submit(server, await issuer.token({ name: 'Maren B.', email: 'maren@example.org' }));
    expect((await owner(server, again, 'org_acme')).userId).toBe(userId);
    const user = await server.assembly.access.seeUser('org_acme', {
      sub: 'auth0|maren',
      name: 'Maren B.',
      email: 'maren@example.org',
    });
    expect(user).toMatchObject({ id: userId, name: 'Maren B.' });
    const elsewhere = await submit(server, await issuer.token({ org_id: 'org_umbrella' }));
    expect((await owner(server, elsewhere, 'org_umbrella')).userId).not.toBe(userId);
  });

  it('give whoever belongs to no organisation a tenant alone, which no organisation can name', async () => {
    const alone = await submit(server, await issuer.token({ org_id: null, sub: 'org_acme' }));
    expect((await owner(server, alone, 'user:org_acme')).tenant).toBe('user:org_acme');
    for (const org of [
      'user:org_acme',
      'local',
      '',
      ' ',
      'a b',
      'x'.repeat(129),
      'a\u0000b',
      7,
      ['org_acme'],
      { a: 1 },
      true,
    ]) {
      const { status, body } = await submit(server, await issuer.token({ org_id: org }));
      expect([org, status]).toEqual([org, 401]);
      expect(body).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('allow reading and writing, or exactly what their scopes say', async () => {
    const status = async (claims: object) => (await submit(server, await issuer.token({ ...claims }))).status;
    expect(await status({ scope: 'openid profile' })).toBe(202);
    expect(await status({ scope: 'openid squadra:read' })).toBe(403);
    expect(await status({ scope: 'squadra:admin' })).toBe(202);
    expect(await status({ scp: ['squadra:read'] })).toBe(403);
    expect(await status({ scope: 'squadra:owner squadra:ADMIN' })).toBe(202);
  });

  it.each(['ES256', 'ES384', 'EdDSA', 'RS512'])('are taken with signatures of %s', async (algorithm) => {
    const key = await newIssuerKey(algorithm, algorithm);
    await using other = await openTestIssuer(key);
    await using own = await openTestServer({ settings: { oidcIssuer: other.url } });
    expect((await submit(own, await other.token())).status).toBe(202);
  });

  it('are refused when anything about them is wrong', async () => {
    const now = Math.floor(Date.now() / 1000);
    const stranger = await newIssuerKey('first');
    const good = await issuer.token();
    const [header = '', payload = '', signature = ''] = good.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const forged = base64url({ ...claims, org_id: 'org_umbrella' });
    const none = (alg: string) => `${base64url({ alg, kid: 'first' })}.${payload}.`;
    const tokens: Record<string, string> = {
      expired: await issuer.token({ exp: now - 1 }),
      'expired long ago': await issuer.token({ exp: 1 }),
      'without an end': await issuer.token({ exp: null as unknown as number }),
      'not valid yet': await issuer.token({ nbf: now + 60 }),
      'of another issuer': await issuer.token({ iss: 'https://evil.example' }),
      'of an issuer that begins alike': await issuer.token({ iss: `${issuer.url}.evil.example` }),
      'without an issuer': await issuer.token({ iss: null as unknown as string }),
      'without a subject': await issuer.token({ sub: null as unknown as string }),
      'with an empty subject': await issuer.token({ sub: '' }),
      'with a subject that is a number': await issuer.token({ sub: 7 as unknown as string }),
      'with a subject too long': await issuer.token({ sub: 'x'.repeat(256) }),
      'with an end that is a text': await issuer.token({ exp: 'never' as unknown as number }),
      'signed by a stranger under a known name': await issuer.token({}, { key: stranger }),
      'with a key nobody has': await issuer.token({}, { header: { kid: 'unheard-of' } }),
      'with a forged payload': `${header}.${forged}.${signature}`,
      'with a cut signature': `${header}.${payload}.${signature.slice(0, -4)}`,
      'without a signature': `${header}.${payload}.`,
      'alg none': none('none'),
      'alg None': none('None'),
      'alg empty': none(''),
      'for signing out': await issuer.token({}, { header: { typ: 'logout+jwt' } }),
      'with a type that is no text': await issuer.token({}, { header: { typ: 7 } }),
      'with an unknown critical field': `${base64url({ alg: 'RS256', kid: 'first', crit: ['x'], x: 1 })}.${payload}.${signature}`,
      'with a header that is no object': `${base64url('[]').replace(/^/, 'eyJ')}.${payload}.${signature}`,
      'too long': `${header}.${payload}${'A'.repeat(9_000)}.${signature}`,
      'with a key of its own': await issuer.token({}, { key: stranger, header: { jwk: stranger.jwk, kid: 'mine' } }),
      'with an address of a key': await issuer.token({}, { key: stranger, header: { jku: 'http://127.0.0.1:9/keys' } }),
    };
    for (const [what, token] of Object.entries(tokens)) {
      const { status, headers, body } = await submit(server, token);
      expect([what, status]).toEqual([what, 401]);
      expect(body).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(headers.get('www-authenticate')).toBe('Bearer realm="squadra", error="invalid_token"');
    }
    expect((await submit(server, good)).status).toBe(202);
  });

  it('are refused when they are signed with the public key as a secret', async () => {
    const [first] = issuer.keys;
    if (first === undefined) throw new Error('The issuer has a key.');
    const publicKey = await importJWK({ ...first.jwk }, 'RS256', { extractable: true });
    if (publicKey instanceof Uint8Array) throw new Error('It is no secret.');
    const secrets = [await exportSPKI(publicKey), String(first.jwk.n), ''];
    for (const alg of ['HS256', 'HS384', 'HS512'] as const) {
      for (const secret of secrets) {
        const [, payload = ''] = (await issuer.token()).split('.');
        const signed = `${base64url({ alg, kid: 'first', typ: 'JWT' })}.${payload}`;
        const hash = createHmac(`sha${alg.slice(2)}`, secret)
          .update(signed)
          .digest('base64url');
        expect((await submit(server, `${signed}.${hash}`)).status).toBe(401);
      }
    }
  });

  it('leave keys as good as they were', async () => {
    const { text } = await server.assembly.access.createKey('acme', {
      name: 'x',
      scopes: ['write'],
      expiresInMs: null,
    });
    expect((await submit(server, text)).status).toBe(202);
    expect((await server.ask('/executions', { body: submission })).status).toBe(401);
  });
});

describe('the settings of an issuer', () => {
  const status = async (issuer: TestIssuer, settings: SettingOptions, claims: object): Promise<number> => {
    await using server = await openTestServer({ settings: { oidcIssuer: issuer.url, ...settings } });
    return (await submit(server, await issuer.token({ ...claims }))).status;
  };

  it('ask for an audience', async () => {
    await using issuer = await openTestIssuer();
    const settings = { oidcAudience: 'squadra' };
    expect(await status(issuer, settings, {})).toBe(401);
    expect(await status(issuer, settings, { aud: 'another' })).toBe(401);
    expect(await status(issuer, settings, { aud: ['another', 'squadra'] })).toBe(202);
  });

  it('name the claim of the tenant', async () => {
    await using issuer = await openTestIssuer();
    await using server = await openTestServer({
      settings: { oidcIssuer: issuer.url, oidcTenantClaim: 'https://example.org/team' },
    });
    const answer = await submit(server, await issuer.token({ 'https://example.org/team': 'red', org_id: 'blue' }));
    expect((await owner(server, answer, 'red')).tenant).toBe('red');
    const alone = await submit(server, await issuer.token({ org_id: 'blue' }));
    expect((await owner(server, alone, 'user:auth0|maren')).tenant).toBe('user:auth0|maren');
  });
});

it('knows the tokens of an issuer whose name ends in a slash by exactly that name', async () => {
  await using issuer = await openTestIssuer();
  issuer.mood = 'slashed';
  for (const oidcIssuer of [issuer.url, `${issuer.url}/`]) {
    await using server = await openTestServer({ settings: { oidcIssuer } });
    expect((await submit(server, await issuer.token({ iss: `${issuer.url}/` }))).status).toBe(202);
    expect((await submit(server, await issuer.token({ iss: issuer.url }))).status).toBe(401);
  }
});

describe('when the issuer', () => {
  it('does not answer, tokens with known keys go on working and others are asked to come back', async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
    await using issuer = await openTestIssuer();
    await using server = await openTestServer({ settings: { oidcIssuer: issuer.url, logLevel: 'silent' } }, { clock });
    for (const mood of ['down', 'failing', 'odd', 'liar'] as const) {
      issuer.mood = mood;
      const early = await submit(server, await issuer.token());
      expect([mood, early.status]).toEqual([mood, 503]);
      expect(early.body).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
      expect(Number(early.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(Number(early.headers.get('retry-after'))).toBeLessThanOrEqual(10);
      aheadMs += 10_000;
    }
    issuer.mood = 'well';
    expect((await submit(server, await issuer.token())).status).toBe(202);
    issuer.mood = 'down';
    aheadMs += 10_000;
    const later = await issuer.token({}, { header: { kid: 'second' } });
    expect((await submit(server, later)).status).toBe(503);
    expect((await submit(server, later)).status).toBe(503);
    expect((await submit(server, await issuer.token())).status).toBe(202);
  });

  it('takes a new key, its tokens are taken; when it drops the old one, they are not for long', async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
    await using issuer = await openTestIssuer();
    await using server = await openTestServer({ settings: { oidcIssuer: issuer.url } }, { clock });
    const old = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 7_200 });
    expect((await submit(server, old)).status).toBe(202);
    issuer.keys = [await newIssuerKey('second')];
    aheadMs = 10_000;
    expect((await submit(server, await issuer.token())).status).toBe(202);
    expect((await submit(server, old)).status).toBe(401);
  });

  it('is asked once for many tokens with keys nobody knows, not once for each', async () => {
    await using issuer = await openTestIssuer();
    await using server = await openTestServer({ settings: { oidcIssuer: issuer.url } });
    const tokens = await Promise.all(
      Array.from({ length: 30 }, (_, number) => issuer.token({}, { header: { kid: `unknown-${number}` } })),
    );
    const answers = await Promise.all(tokens.map((token) => submit(server, token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(issuer.reads).toBeLessThanOrEqual(2);
  });
});

import { describe, expect, it } from 'vitest';
import { withIncluded } from '../../../src/access/principal.ts';
import type { Principal } from '../../../src/access/principal.ts';
import { nobodyElse } from '../../../src/bus/news.ts';
import { MemoryCache } from '../../../src/cache/memory/memory-cache.ts';
import { StreamTokens } from '../../../src/http/auth/stream-token.ts';
import { createIds } from '../../../src/kernel/id.ts';
import { Access } from '../../../src/orchestrator/access.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { openTemporaryState } from '../../work/sqlite/open-state.ts';

/** Two processes of one state, which share nothing else; or one before and after a restart. */
async function twoProcesses(opened: AsyncDisposableStack) {
  const clock = new TestClock();
  const state = opened.use(await openTemporaryState(clock));
  const open = async () => {
    const access = await Access.open({
      store: state.access,
      sessions: state.sessions,
      clock,
      ids: createIds(clock),
      cache: new MemoryCache({ cacheEntries: 100 }, clock),
      hasIssuer: true,
      news: nobodyElse,
    });
    return { access, tokens: new StreamTokens({ clock, access }) };
  };
  return { clock, one: await open(), other: await open() };
}

const request = { name: 'test', scopes: ['read', 'write'] as const, expiresInMs: null };

describe('a stream token', () => {
  it('of one process opens streams at every other one, for reading', async () => {
    await using opened = new AsyncDisposableStack();
    const { one, other } = await twoProcesses(opened);
    const { text, key } = await one.access.createKey('acme', request);
    const principal = await one.access.authenticateKey(text);
    if (principal === null) throw new Error('The key is not known.');
    const { token } = await one.tokens.issue(principal);
    expect(token).not.toContain(text);
    for (const { tokens } of [one, other])
      expect(await tokens.verify(token)).toEqual({ ...principal, scopes: withIncluded(['read']) });
    await one.access.revokeKey('acme', key.id);
    for (const { tokens } of [one, other]) expect(await tokens.verify(token)).toBeNull();
  });

  it('ends with the sign-in it was given for', async () => {
    await using opened = new AsyncDisposableStack();
    const { one, other } = await twoProcesses(opened);
    const { text } = await one.access.createKey('acme', request);
    const signedIn = await one.access.signIn(text);
    const principal = await one.access.authenticateSession(signedIn?.token ?? '');
    if (principal === null) throw new Error('Nobody is signed in.');
    const { token } = await one.tokens.issue(principal);
    expect(await other.tokens.verify(token)).toMatchObject({ tenant: 'acme', session: principal.session });
    await one.access.signOut(signedIn?.token ?? '');
    expect(await one.tokens.verify(token)).toBeNull();
  });

  it('of a user holds no longer than what the issuer said, and says nothing of who it is', async () => {
    await using opened = new AsyncDisposableStack();
    const { clock, one, other } = await twoProcesses(opened);
    const user: Principal = {
      kind: 'user',
      tenant: 'acme',
      userId: 'u1',
      id: 'u1',
      name: 'maren@example.org',
      scopes: withIncluded(['admin']),
      expiresAt: clock.now() + 60_000,
    };
    const { token, expiresAt } = await one.tokens.issue(user);
    expect(expiresAt).toBe(user.expiresAt);
    expect(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).not.toContain('maren');
    expect(await other.tokens.verify(token)).toMatchObject({ kind: 'user', tenant: 'acme', userId: 'u1' });
    await clock.advance(60_000);
    expect(await other.tokens.verify(token)).toBeNull();
  });

  it('of the open mode opens nothing once that is over', async () => {
    await using opened = new AsyncDisposableStack();
    const { one } = await twoProcesses(opened);
    const local = { kind: 'local', tenant: 'local', id: 'local', expiresAt: null } as const;
    const { token } = await one.tokens.issue(local);
    // An issuer is configured: nobody gets in without a name.
    expect(await one.tokens.verify(token)).toBeNull();
  });

  it('is signed for this purpose alone', async () => {
    await using opened = new AsyncDisposableStack();
    const { one } = await twoProcesses(opened);
    const claims = Buffer.from('["user","acme","u1",null,null,9999999999999]').toString('base64url');
    expect(await one.tokens.verify(`${claims}.${await one.access.sign(claims)}`)).toBeNull();
    expect(await one.tokens.verify(`${claims}.${await one.access.sign(`stream-token ${claims}`)}`)).not.toBeNull();
  });
});

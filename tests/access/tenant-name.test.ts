import { expect, it } from 'vitest';
import { withIncluded } from '../../src/access/principal.ts';
import { isTenantName, tenantOfToken } from '../../src/access/tenant-name.ts';

it('takes names that can be seen and have no spaces', () => {
  for (const name of ['acme', 'local', 'auth0|7', 'user:maren@example.org', 'Café', '組織', 'x'.repeat(128)])
    expect([name, isTenantName(name)]).toEqual([name, true]);
  for (const name of ['', ' ', 'a b', 'a\tb', 'a\u0000', 'a\u200bb', '\u202eacme', 'a\u00a0b', 'x'.repeat(129)])
    expect([name, isTenantName(name)]).toEqual([name, false]);
});

it('gives a token its organisation, or a tenant that only this user can have', () => {
  expect(tenantOfToken('acme', 'maren')).toBe('acme');
  expect(tenantOfToken(null, 'maren')).toBe('user:maren');
  expect(tenantOfToken(null, 'local')).toBe('user:local');
  expect(tenantOfToken('local', 'maren')).toBeNull();
  expect(tenantOfToken('user:maren', 'eve')).toBeNull();
  expect(tenantOfToken('', 'eve')).toBeNull();
  expect(tenantOfToken(null, 'a b')).toBeNull();
});

it('includes what is below a scope', () => {
  expect([...withIncluded(['admin'])]).toEqual(['read', 'write', 'admin']);
  expect([...withIncluded(['write'])]).toEqual(['read', 'write']);
  expect([...withIncluded(['read'])]).toEqual(['read']);
  expect([...withIncluded([])]).toEqual([]);
});

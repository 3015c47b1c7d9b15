import { expect, it } from 'vitest';
import { hostName, isLoopbackAddress, isLoopbackName } from '../../../src/http/auth/loopback.ts';

it('knows the addresses of this machine from those of others', () => {
  for (const address of ['127.0.0.1', '127.255.3.9', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1'])
    expect([address, isLoopbackAddress(address)]).toEqual([address, true]);
  for (const address of [
    undefined,
    '',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '::2',
    '::ffff:10.0.0.1',
    '127.1',
    '127.0.0.1.evil.example',
    'fe80::1',
  ])
    expect([address, isLoopbackAddress(address)]).toEqual([address, false]);
});

it('takes a name for one of this machine only where nobody else can own it', () => {
  for (const name of ['localhost', 'LOCALHOST', 'app.localhost', '127.0.0.1', '[::1]', '::1'])
    expect([name, isLoopbackName(name)]).toEqual([name, true]);
  for (const name of ['localhost.example', 'evillocalhost', '127.0.0.1.nip.io', 'example', '', '2130706433', '0x7f.1'])
    expect([name, isLoopbackName(name)]).toEqual([name, false]);
});

it('reads the name in a Host header, and nothing out of one that is none', () => {
  expect(hostName('localhost:8080')).toBe('localhost');
  expect(hostName('example.com')).toBe('example.com');
  expect(hostName('[::1]:8080')).toBe('[::1]');
  for (const bad of [
    undefined,
    '',
    'localhost:',
    'localhost:x',
    'a b',
    'localhost/',
    'user@localhost',
    'localhost:1:2',
    '::1',
    '[::1',
    'localhost:123456',
  ])
    expect([bad, hostName(bad)]).toEqual([bad, null]);
});

import { describe, expect, it } from 'vitest';
import { isAddressRange, isPublicAddress, plainAddress } from '../../../src/agents/tools/fetch-url/public-address.ts';

describe('an address', () => {
  it.each([
    '93.184.216.34',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '2606:4700:4700::1111',
    '::ffff:1.1.1.1',
    '64:ff9b::1.1.1.1',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '0.0.0.0',
    '127.0.0.1',
    '127.8.8.8',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '::ffff:0.0.0.0',
    '64:ff9b::10.0.0.1',
    '64:ff9b::5',
    'no address',
    '',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['0:0:0:0:0:FFFF:0A00:0001', '10.0.0.1'],
    ['64:ff9b::', '0.0.0.0'],
    ['64:ff9b::5', '0.0.0.5'],
    ['fe80::1%eth0', 'fe80::1'],
    ['2606::1', '2606::1'],
    ['1.2.3.4', '1.2.3.4'],
  ])('%s is %s', (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });

  it('may stand for a range', () => {
    expect(['10.0.0.0/8', '::1', 'fd00::/8', '1.2.3.4/32'].map(isAddressRange)).toEqual([true, true, true, true]);
    expect(['10.0.0.0/33', 'fd00::/129', 'a/8', '10.0.0/8', ''].map(isAddressRange)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

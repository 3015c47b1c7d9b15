import { isIPv6 } from 'node:net';

/** Whom an address is counted as: an IPv4 address is one; of IPv6 a whole /64, which is the least that anybody is given. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(?<v4>\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.groups?.['v4'];
  if (mapped !== undefined) return mapped;
  const [bare = address] = address.split('%');
  return isIPv6(bare) ? `${networkOf(bare)}::/64` : address;
}

/** The first four groups, written out. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  // An address that ends in dotted IPv4 has two groups in one; they are beyond the first four in any case.
  const missing =
    tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length - (address.includes('.') ? 1 : 0));
  return [...before, ...Array<string>(missing).fill('0'), ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

import { BlockList, isIP } from 'node:net';

/** Whether an address is this machine itself, as the other end of a connection. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  const family = isIP(address);
  return family !== 0 && loopback().check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Whether a name can only mean this machine: `localhost`, what ends in `.localhost`, and loopback addresses. Any other
 * name may be made to point here by whoever owns it, and a browser would then take that owner's page for one of ours.
 */
export function isLoopbackName(name: string): boolean {
  const bare = name.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return bare === 'localhost' || bare.endsWith('.localhost') || isLoopbackAddress(bare);
}

/** The name in a `Host` header, without its port; null when it is none. */
export function hostName(header: string | undefined): string | null {
  return /^(?<name>[^:[\]\s/@?#\\]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.exec(header ?? '')?.groups?.['name'] ?? null;
}

/** IPv4 addresses within IPv6 are found too. */
function loopback(): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
  return list;
}

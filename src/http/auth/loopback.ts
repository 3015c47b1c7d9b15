import { isIPv4 } from 'node:net';

/** Whether an address, as Node and browsers write it, is this machine itself. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  const bare = address.toLowerCase().replace(/^::ffff:(?=\d)/, '');
  return bare === '::1' || (bare.startsWith('127.') && isIPv4(bare));
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

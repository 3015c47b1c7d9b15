import { BlockList, isIP, isIPv4 } from 'node:net';

/** Everything that IANA's registries keep from the public internet, and what clouds answer their own machines on. */
const notPublic4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local, with the metadata services of most clouds.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure's own services, at an address that looks public.
  '168.63.129.16/32',
];
/** Only 2000::/3 is given out at all; within it are tunnels, which lead to any IPv4 address, and examples. */
const public6 = ['2000::/3'];
const notPublic6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
/** IPv4 addresses written as IPv6: mapped, and translated by NAT64. */
const embedded4 = ['::ffff:0:0/96', '64:ff9b::/96'];

/** Addresses by range: `10.0.0.0/8`, `::1`. */
export class AddressRanges {
  readonly #list = new BlockList();

  constructor(ranges: Iterable<string>) {
    for (const range of ranges) this.#add(range);
  }

  has(address: string): boolean {
    return this.#list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }

  #add(range: string): void {
    const [address = '', prefix] = range.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (prefix === undefined) this.#list.addAddress(address, family);
    else this.#list.addSubnet(address, Number(prefix), family);
  }
}

/** Whether the text is an address or a range of addresses. */
export function isAddressRange(text: string): boolean {
  const { address = '', prefix } = /^(?<address>[^/]+)(?:\/(?<prefix>\d{1,3}))?$/.exec(text)?.groups ?? {};
  const family = isIP(address);
  return family !== 0 && (prefix === undefined || Number(prefix) <= (family === 4 ? 32 : 128));
}

/** The address itself, without its zone, or the IPv4 address that it is another writing of. */
export function plainAddress(text: string): string {
  const address = text.replace(/%.*$/, '');
  if (isIPv4(address) || !embeddings.has(address)) return address;
  // Canonical writing ends in two groups of four hexadecimal digits at most: the IPv4 address.
  const groups = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1).split(':') ?? [];
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group === '' ? '0' : group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Whether anybody on the internet reaches the same machine at this address. */
export function isPublicAddress(address: string): boolean {
  const plain = plainAddress(address);
  if (isIPv4(plain)) return !kept4.has(plain);
  return isIP(plain) === 6 && given6.has(plain) && !kept6.has(plain);
}

const embeddings = new AddressRanges(embedded4);
const kept4 = new AddressRanges(notPublic4);
const given6 = new AddressRanges(public6);
const kept6 = new AddressRanges(notPublic6);

import { isIP } from 'node:net';
import { NonRetryableError } from '../../../kernel/errors.ts';
import { AddressRanges, isAddressRange, isPublicAddress, plainAddress } from './public-address.ts';

/**
 * What may be fetched. Entries are hosts (`example.com`), hosts with everything below (`*.example.com`), `*` for every
 * public host, and addresses or ranges of addresses (`10.0.0.0/8`).
 *
 * A host is asked for by name and reached by address, and whoever owns the name chooses the address. So both are checked:
 * the name by the hosts of the list, the address by being public, or in a range of the list.
 */
export class AllowList {
  readonly #entries: readonly string[];
  readonly #hosts: ReadonlySet<string>;
  readonly #suffixes: readonly string[];
  readonly #ranges: AddressRanges;

  constructor(entries: readonly string[]) {
    this.#entries = entries;
    const names = entries.filter((entry) => !isAddressRange(entry)).map((entry) => entry.toLowerCase());
    this.#hosts = new Set(names.filter((name) => !name.startsWith('*.')));
    this.#suffixes = names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
    this.#ranges = new AddressRanges(
      entries.filter((entry) => isAddressRange(entry)).map((entry) => plainRange(entry)),
    );
  }

  /** Throws a `NonRetryableError` that tells the model what it may fetch. */
  requireHost(host: string): void {
    if (this.#entries.length === 0)
      throw new NonRetryableError(
        'No host may be fetched in this installation (SQUADRA_FETCH_ALLOW is empty). Work without it.',
      );
    const bare = host.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    if (isIP(bare) === 0 ? this.#namesHost(bare) : this.#namesAddress(plainAddress(bare))) return;
    throw new NonRetryableError(`${bare} may not be fetched. Allowed are: ${this.#entries.join(', ')}.`);
  }

  /** The same for the address that a host turned out to have. */
  requireAddress(address: string, host: string): void {
    const plain = plainAddress(address);
    if (isPublicAddress(plain) || this.#ranges.has(plain)) return;
    throw new NonRetryableError(
      `${host} may not be fetched: it is at ${plain}, which is not a public address and in no range of SQUADRA_FETCH_ALLOW.`,
    );
  }

  #namesHost(host: string): boolean {
    return this.#hosts.has('*') || this.#hosts.has(host) || this.#suffixes.some((suffix) => host.endsWith(suffix));
  }

  #namesAddress(address: string): boolean {
    return this.#ranges.has(address) || (this.#hosts.has('*') && isPublicAddress(address));
  }
}

/** A single address in the writing in which it is looked for. */
function plainRange(entry: string): string {
  return entry.includes('/') ? entry : plainAddress(entry);
}

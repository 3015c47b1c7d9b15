import { createLocalJWKSet, errors } from 'jose';
import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters } from 'jose';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { IssuerDocument } from './issuer-document.ts';

/** Keys are read again after this, while those at hand go on being used. */
const renewMs = 10 * 60_000;
/** Keys that could not be renewed for so long are used no more: the issuer may have taken them back. */
const maxAgeMs = 24 * 60 * 60_000;
/** Tokens with keys nobody knows make the issuer be asked no more often than this. */
const cooldownMs = 10_000;

interface Known {
  readonly issuer: string;
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly at: number;
}

/**
 * The keys of one issuer.
 *
 * K1  A key at hand is used without asking, whether the issuer answers or not.
 * K2  A key that is not at hand makes the issuer be asked, by one caller for all, at most once per cooldown.
 * K3  Where the issuer cannot be asked, nobody can tell whether a key is good: `ISSUER_UNAVAILABLE`, not a refusal.
 */
export class IssuerKeys {
  readonly #read: () => Promise<IssuerDocument>;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  #known: Known | null = null;
  #reading: Promise<boolean> | null = null;
  #asked: { readonly at: number; readonly worked: boolean } | null = null;

  /** `onFailure` hears why the issuer could not be asked. */
  constructor(read: () => Promise<IssuerDocument>, clock: Clock, onFailure: (error: unknown) => void) {
    this.#read = read;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  /** The issuer's name as its tokens write it. */
  async issuer(): Promise<string> {
    return (await this.#atHand()).issuer;
  }

  /** The key that a token names. Throws what `jose` throws when there is none, or `ISSUER_UNAVAILABLE`. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const known = await this.#atHand();
    try {
      return await known.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#ask();
      return (await this.#atHand()).find(header, token);
    }
  }

  async #atHand(): Promise<Known> {
    const now = this.#clock.now();
    const known = this.#known;
    if (known !== null && now - known.at < maxAgeMs) {
      if (now - known.at >= renewMs && !this.#isCooling()) void this.#renew();
      return known;
    }
    await this.#ask();
    if (this.#known === null || this.#clock.now() - this.#known.at >= maxAgeMs) throw this.#unavailable();
    return this.#known;
  }

  /** Asks the issuer unless it was asked just now. Throws when the last time it did not answer. */
  async #ask(): Promise<void> {
    const worked = this.#isCooling() && this.#reading === null ? this.#asked?.worked === true : await this.#renew();
    if (!worked) throw this.#unavailable();
  }

  #isCooling(): boolean {
    return this.#asked !== null && this.#clock.now() - this.#asked.at < cooldownMs;
  }

  /** One reading for however many wait for it; whether it worked. */
  #renew(): Promise<boolean> {
    this.#reading ??= this.#readOnce().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readOnce(): Promise<boolean> {
    let worked = false;
    try {
      const { issuer, keys } = await this.#read();
      this.#known = { issuer, find: createLocalJWKSet(keys), at: this.#clock.now() };
      worked = true;
    } catch (error) {
      this.#onFailure(error);
    }
    this.#asked = { at: this.#clock.now(), worked };
    return worked;
  }

  #unavailable(): SquadraError {
    const since = this.#asked === null ? 0 : this.#clock.now() - this.#asked.at;
    return new SquadraError('ISSUER_UNAVAILABLE', 'The issuer of the token cannot be asked for its keys now.', {
      details: { retryAfterMs: Math.max(1_000, cooldownMs - since) },
    });
  }
}

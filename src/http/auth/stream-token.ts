import { timingSafeEqual } from 'node:crypto';
import { withIncluded } from '../../access/principal.ts';
import type { KnownPrincipal, Principal } from '../../access/principal.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { AccessUseCases } from '../../orchestrator/access.ts';

export interface StreamTokenParts {
  readonly clock: Clock;
  readonly access: Pick<AccessUseCases, 'sign' | 'stillIn'>;
}

export interface StreamToken {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Long enough to open a stream, and to open it again after a hiccup. */
const lifeMs = 5 * 60_000;
const maxLength = 2_000;
/** Sets what is signed here apart from whatever else may come to be signed. */
const purpose = 'stream-token';

/** What a token says: whose it is, and until when it holds. */
type Claims = readonly [
  kind: Principal['kind'],
  tenant: string,
  id: string,
  session: string | null,
  expiresAt: number | null,
  until: number,
];

/**
 * Tokens for browsers, which can open an event stream only with what stands in its address: they hold for minutes, for
 * reading streams only, and no longer than the key, the sign-in or the token that they were given for. Every process of a fleet
 * takes those of the others, and a server those of before its restart.
 */
export class StreamTokens {
  readonly #clock: Clock;
  readonly #access: StreamTokenParts['access'];

  constructor({ clock, access }: StreamTokenParts) {
    this.#clock = clock;
    this.#access = access;
  }

  async issue({ kind, tenant, id, session, expiresAt }: KnownPrincipal): Promise<StreamToken> {
    const until = Math.min(this.#clock.now() + lifeMs, expiresAt ?? Infinity);
    const said: Claims = [kind, tenant, id, session ?? null, expiresAt, until];
    const claims = Buffer.from(JSON.stringify(said)).toString('base64url');
    return { token: `${claims}.${await this.#sign(claims)}`, expiresAt: until };
  }

  /** Who may read with this token; null when it is none, or holds no longer. */
  async verify(token: string): Promise<Principal | null> {
    if (token.length > maxLength) return null;
    const [claims = '', signature = '', ...more] = token.split('.');
    const [given, right] = [Buffer.from(signature), Buffer.from(await this.#sign(claims))];
    if (more.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) return null;
    // Signed here, so made by `issue`.
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Claims;
    const [kind, tenant, id, session, expiresAt, until] = said;
    if (until <= this.#clock.now()) return null;
    const known = { kind, tenant, id, expiresAt, ...(session === null ? {} : { session }) };
    const principal = await this.#access.stillIn(known);
    return principal === null ? null : { ...principal, scopes: withIncluded(['read']) };
  }

  #sign(claims: string): Promise<string> {
    return this.#access.sign(`${purpose} ${claims}`);
  }
}

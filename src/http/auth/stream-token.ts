import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { withIncluded } from '../../access/principal.ts';
import type { Principal } from '../../access/principal.ts';
import type { Clock } from '../../kernel/clock.ts';

export interface StreamTokenParts {
  readonly clock: Clock;
  /** Calls `end` once when the principal no longer gets in; the returned function stops that. */
  readonly follow: (principal: Principal, end: () => void) => () => void;
}

export interface StreamToken {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Long enough to open a stream, and to open it again after a hiccup. */
const lifeMs = 5 * 60_000;
const maxLength = 2_000;

/** Somebody with tokens, and until when the last of them holds. */
interface Holder {
  readonly principal: Principal;
  readonly leave: () => void;
  until: number;
}

/**
 * Tokens for browsers, which can open an event stream only with what stands in its address: they hold for minutes, for
 * reading streams only, and no longer than the key or token that they were given for. Those of an earlier start hold no
 * more.
 */
export class StreamTokens {
  readonly #parts: StreamTokenParts;
  readonly #secret = randomBytes(32);
  readonly #holders = new Map<string, Holder>();
  #sweepAt = 100;

  constructor(parts: StreamTokenParts) {
    this.#parts = parts;
  }

  issue(principal: Principal): StreamToken {
    const now = this.#parts.clock.now();
    const expiresAt = Math.min(now + lifeMs, principal.expiresAt ?? Infinity);
    const who = holderOf(principal);
    const known = this.#holders.get(who);
    // A token of an issuer is renewed; the newest vouches longest.
    const holder = known !== undefined && outlives(known.principal, principal) ? known : this.#add(who, principal, now);
    holder.until = Math.max(holder.until, known?.until ?? 0, expiresAt);
    const claims = Buffer.from(JSON.stringify([who, expiresAt])).toString('base64url');
    return { token: `${claims}.${this.#sign(claims)}`, expiresAt };
  }

  /** Who may read with this token; null when it is none, or holds no longer. */
  verify(token: string): Principal | null {
    if (token.length > maxLength) return null;
    const [claims = '', signature = '', ...more] = token.split('.');
    const [given, right] = [Buffer.from(signature), Buffer.from(this.#sign(claims))];
    if (more.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) return null;
    // Signed here, so made by `issue`.
    const [who, expiresAt] = JSON.parse(Buffer.from(claims, 'base64url').toString()) as [string, number];
    const holder = this.#holders.get(who);
    if (holder === undefined || expiresAt <= this.#parts.clock.now()) return null;
    const { principal } = holder;
    return { ...principal, scopes: withIncluded(['read']), expiresAt: principal.expiresAt };
  }

  /** How many callers have tokens. */
  get holders(): number {
    return this.#holders.size;
  }

  #add(who: string, principal: Principal, now: number): Holder {
    if (this.#holders.size >= this.#sweepAt) this.#sweep(now);
    this.#holders.get(who)?.leave();
    const leave = this.#parts.follow(principal, () => this.#holders.delete(who));
    const holder = { principal, leave, until: 0 };
    this.#holders.set(who, holder);
    return holder;
  }

  /** Forgets those whose tokens have all expired; done each time their number has doubled. */
  #sweep(now: number): void {
    for (const [who, { until, leave }] of this.#holders) {
      if (until > now) continue;
      leave();
      this.#holders.delete(who);
    }
    this.#sweepAt = Math.max(100, 2 * this.#holders.size);
  }

  #sign(claims: string): string {
    return createHmac('sha256', this.#secret).update(claims).digest('base64url');
  }
}

function outlives(one: Principal, other: Principal): boolean {
  return (one.expiresAt ?? Infinity) >= (other.expiresAt ?? Infinity);
}

function holderOf({ kind, tenant, id }: Principal): string {
  return JSON.stringify([kind, tenant, id]);
}

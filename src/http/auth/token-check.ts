import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { UserInput } from '../../access/access-store.ts';
import { scopes } from '../../access/principal.ts';
import type { Scope } from '../../access/principal.ts';
import { tenantOfToken } from '../../access/tenant-name.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { IssuerKeys } from './issuer-keys.ts';

/** Signatures with the issuer's own key. One with a shared secret (HS…) could be made by anybody who knows the public key. */
const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
/** Access tokens, and those whose issuer names no type; not tokens that were made for something else, as a sign-out. */
const types: ReadonlySet<string> = new Set(['jwt', 'at+jwt']);
/** How far the issuer's clock may be ahead of ours. */
const skewSeconds = 5;
const maxSubLength = 255;
const maxNameLength = 320;

/** A token that was checked: whom it vouches for, and until when. */
export interface CheckedToken {
  readonly tenant: string;
  readonly user: UserInput;
  readonly scopes: readonly Scope[];
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** What is wrong with a token, in words for its holder. */
export interface RefusedToken {
  readonly refusal: string;
}

export interface TokenSettings {
  readonly oidcAudience: string | null;
  readonly oidcTenantClaim: string;
}

/** Checks a token's signature, issuer, times and claims. Throws `ISSUER_UNAVAILABLE` when its key cannot be looked for. */
export async function checkToken(
  token: string,
  keys: IssuerKeys,
  settings: TokenSettings,
  clock: Clock,
): Promise<CheckedToken | RefusedToken> {
  try {
    const type = headerType(token);
    if (type !== null && !types.has(type)) return { refusal: 'it is a token of another type' };
    const { payload } = await jwtVerify(token, (header, input) => keys.find(header, input), {
      algorithms,
      issuer: await keys.issuer(),
      requiredClaims: ['exp', 'sub'],
      clockTolerance: skewSeconds,
      currentDate: new Date(clock.now()),
      ...(settings.oidcAudience === null ? {} : { audience: settings.oidcAudience }),
    });
    return claimsOf(payload, settings, clock.now());
  } catch (error) {
    if (error instanceof SquadraError) throw error;
    // What is no JOSE error came from a key of the issuer's that is too weak or broken.
    const code = error instanceof errors.JOSEError ? error.code : 'UNUSABLE_KEY';
    return { refusal: refusals[code] ?? 'it is not valid' };
  }
}

const refusals: Readonly<Record<string, string>> = {
  UNUSABLE_KEY: 'the key of the issuer that it names cannot be used',
  ERR_JWT_EXPIRED: 'it has expired',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'a claim of it (issuer, audience, time or subject) does not fit',
  ERR_JOSE_ALG_NOT_ALLOWED: 'its algorithm is not taken',
  ERR_JWKS_NO_MATCHING_KEY: 'the issuer has no such key',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature does not fit',
};

function headerType(token: string): string | null {
  let typ: unknown;
  try {
    ({ typ } = decodeProtectedHeader(token));
  } catch (cause) {
    // What jose throws for a header that is none has no code.
    throw new errors.JWTInvalid('The header cannot be read.', { cause });
  }
  if (typ === undefined) return null;
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : 'none';
}

function claimsOf(payload: JWTPayload, { oidcTenantClaim }: TokenSettings, now: number): CheckedToken | RefusedToken {
  const { sub = '', exp = 0 } = payload as { readonly sub?: unknown; readonly exp?: number };
  const expiresAt = exp * 1_000;
  // The tolerance is for clocks that differ at the start of a token's life; its end is its end.
  if (expiresAt <= now) return { refusal: 'it has expired' };
  if (typeof sub !== 'string' || sub === '' || sub.length > maxSubLength)
    return { refusal: 'its subject is empty or too long' };
  const claim = oidcTenantClaim === 'sub' ? undefined : payload[oidcTenantClaim];
  if (claim !== undefined && claim !== null && typeof claim !== 'string')
    return { refusal: `its claim '${oidcTenantClaim}' is not a text` };
  const tenant = tenantOfToken(claim ?? null, sub);
  if (tenant === null) return { refusal: `its claim '${oidcTenantClaim}' names no tenant that a token may name` };
  const name = text(payload['name']) ?? text(payload['preferred_username']);
  return { tenant, user: { sub, name, email: text(payload['email']) }, scopes: scopesOf(payload), expiresAt };
}

/** `squadra:read` and its like where the token has any; else what a user normally does. */
function scopesOf({ scope, scp }: JWTPayload): readonly Scope[] {
  const given = [scope, scp].flatMap((list) =>
    typeof list === 'string' ? list.split(' ') : Array.isArray(list) ? list : [],
  );
  const ours = scopes.filter((name) => given.includes(`squadra:${name}`));
  return ours.length > 0 ? ours : ['read', 'write'];
}

function text(claim: unknown): string | null {
  return typeof claim === 'string' && claim !== '' ? claim.slice(0, maxNameLength) : null;
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';

/** A key of the issuer, with its public half as the issuer shows it. */
export interface IssuerKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** An OpenID issuer on this machine that can be told to fail. */
export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  /** What it shows at its JWKS address. */
  keys: readonly IssuerKey[];
  /** `down` breaks connections, `failing` answers 500, `odd` answers what is no key set, `liar` names another issuer, `slashed` itself with a slash. */
  mood: 'well' | 'down' | 'failing' | 'odd' | 'liar' | 'slashed';
  /** How often its keys were read. */
  readonly reads: number;
  token(claims?: Readonly<JWTPayload>, signed?: TokenOptions): Promise<string>;
}

export interface TokenOptions {
  readonly key?: IssuerKey;
  readonly header?: Readonly<Record<string, unknown>>;
}

export async function newIssuerKey(kid: string, algorithm = 'RS256'): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { kid, algorithm, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' } };
}

/** Starts it. `claims` of a token stand beside good ones; null takes one away. */
export async function openTestIssuer(first?: IssuerKey): Promise<TestIssuer> {
  const state = {
    keys: [first ?? (await newIssuerKey('first'))] as readonly IssuerKey[],
    mood: 'well' as TestIssuer['mood'],
    reads: 0,
  };
  const server = createServer((request, response) => {
    if (state.mood === 'down') {
      request.socket.destroy();
      return;
    }
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (state.mood === 'failing') json(500, { error: 'server_error' });
    else if (request.url === '/.well-known/openid-configuration')
      json(200, { issuer: nameOf(state.mood, url), jwks_uri: `${url}/keys` });
    else if (request.url === '/keys') {
      state.reads++;
      json(200, state.mood === 'odd' ? { keys: 'none' } : { keys: state.keys.map(({ jwk }) => jwk) });
    } else json(404, {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    get keys() {
      return state.keys;
    },
    set keys(keys) {
      state.keys = keys;
    },
    get mood() {
      return state.mood;
    },
    set mood(mood) {
      state.mood = mood;
    },
    get reads() {
      return state.reads;
    },
    token: (claims, options) => sign(url, state.keys[0], claims, options),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function nameOf(mood: TestIssuer['mood'], url: string): string {
  if (mood === 'liar') return 'https://other.example';
  return mood === 'slashed' ? `${url}/` : url;
}

function sign(
  issuer: string,
  first: IssuerKey | undefined,
  claims: Readonly<JWTPayload> = {},
  { key = first, header = {} }: TokenOptions = {},
): Promise<string> {
  if (key === undefined) throw new Error('The issuer has no key.');
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: issuer, sub: 'auth0|maren', iat: now, exp: now + 600, org_id: 'org_acme' };
  const payload = Object.fromEntries(Object.entries({ ...good, ...claims }).filter(([, value]) => value !== null));
  return new SignJWT(payload).setProtectedHeader({ alg: key.algorithm, kid: key.kid, ...header }).sign(key.privateKey);
}

import { z } from 'zod';
import type { JSONWebKeySet } from 'jose';

/** Where an issuer says where its keys are. */
const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });
const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(200) });

const timeoutMs = 5_000;
const maxBytes = 256 * 1024;

/** What an issuer says of itself: its name as its tokens write it, and its keys. */
export interface IssuerDocument {
  readonly issuer: string;
  readonly keys: JSONWebKeySet;
}

/** Reads an issuer's discovery document and its keys. Throws whatever went wrong; nothing of it is for callers' eyes. */
export async function readIssuer(address: string): Promise<IssuerDocument> {
  const found = discoverySchema.parse(await readJson(`${address}/.well-known/openid-configuration`));
  if (found.issuer.replace(/\/+$/, '') !== address) {
    throw new Error(`${address} calls itself ${found.issuer}; SQUADRA_OIDC_ISSUER has to be that.`);
  }
  if (address.startsWith('https:') && !found.jwks_uri.startsWith('https:')) {
    throw new Error(`${address} keeps its keys at ${found.jwks_uri}, which anybody on the way could change.`);
  }
  const keys = keySetSchema.parse(await readJson(found.jwks_uri));
  return { issuer: found.issuer, keys };
}

async function readJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${response.status}.`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`${url} answered more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

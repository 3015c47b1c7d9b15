import type { IncomingHttpHeaders } from 'node:http';

/** Beyond this nothing is read of a credential; tokens of large issuers stay below 4 KiB. */
const maxLength = 8_192;

/** What a request brings to show who asks. */
export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'bearer'; readonly text: string };

/** Reads `Authorization: Bearer <text>`. */
export function readCredential({ authorization }: IncomingHttpHeaders): Credential {
  if (authorization === undefined) return { kind: 'none' };
  const text = /^bearer +(?<text>[!-~]+) *$/i.exec(authorization.slice(0, maxLength + 10))?.groups?.['text'];
  return text === undefined || text.length > maxLength ? { kind: 'malformed' } : { kind: 'bearer', text };
}

/** Whether a credential has the shape of a signed token: three parts, the first of which is a JSON object. */
export function isToken(text: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(text);
}

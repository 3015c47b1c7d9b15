import { randomBytes } from 'node:crypto';
import { hashKey } from './api-key.ts';

/** A sign-in that nobody used for so long is over. */
export const sessionIdleMs = 7 * 24 * 60 * 60_000;
/** A sign-in lasts no longer, however much it is used. */
export const sessionLifeMs = 30 * 24 * 60 * 60_000;
/** Sign-ins with one key at a time; a further one ends the oldest. */
export const maxSessionsOfKey = 100;

/** Somebody who signed in with a key in a browser. Times are epoch milliseconds. */
export interface Session {
  /** The SHA-256 of the token in hex; the token is known to the browser alone. */
  readonly hash: string;
  readonly keyId: string;
  readonly createdAt: number;
  /** When it was used, to the hour or so. */
  readonly usedAt: number;
}

const secretBytes = 32;
const shape = /^sqs_[\w-]{43}$/;

/** A token of 256 bits of chance, and what is stored of it. */
export function makeSessionToken(): { readonly token: string; readonly hash: string } {
  const token = `sqs_${randomBytes(secretBytes).toString('base64url')}`;
  return { token, hash: hashKey(token) };
}

/** What is stored of a token; null of a text that is none. */
export function hashSessionToken(text: string): string | null {
  return shape.test(text) ? hashKey(text) : null;
}

/** When it is over if nobody uses it any more; epoch milliseconds. */
export function sessionEnd({ createdAt, usedAt }: Session): number {
  return Math.min(createdAt + sessionLifeMs, usedAt + sessionIdleMs);
}

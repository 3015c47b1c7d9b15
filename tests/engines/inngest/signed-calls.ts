import { createHash, createHmac } from 'node:crypto';
import type { CallAnswer, Caller } from './inngest-protocol.ts';

const prefix = /^signkey-\w+-/;

/** As the SDK shows that it knows the signing key. */
export function hashedSigningKey(key: string): string {
  const bytes = Buffer.from(key.replace(prefix, ''), 'hex');
  return `${prefix.exec(key)?.[0] ?? ''}${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The header with which Inngest shows that a call is its own. */
export function signature(body: string, key: string, seconds: number): string {
  const signed = createHmac('sha256', key.replace(prefix, '')).update(body).update(String(seconds)).digest('hex');
  return `t=${seconds}&s=${signed}`;
}

/** JSON with its keys in order, as it is signed (RFC 8785, for what these tests send). */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}

/** Calls functions where they are served, signed where there is a key. Checks that answers are signed too. */
export function httpCaller(signingKey: string | null): Caller {
  return async ({ steps }, call): Promise<CallAnswer> => {
    const url = steps['step']?.runtime.url ?? '';
    const body = canonical(call);
    const now = Math.floor(Date.now() / 1_000);
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-inngest-server-kind': signingKey === null ? 'dev' : 'cloud',
        ...(signingKey === null ? {} : { 'x-inngest-signature': signature(body, signingKey, now) }),
      },
      body,
    });
    const text = await answer.text();
    if (signingKey !== null && answer.status < 300)
      checkAnswer(answer.headers.get('x-inngest-signature'), text, signingKey);
    return {
      status: answer.status,
      body: text === '' ? null : JSON.parse(text),
      mayRetry: answer.headers.get('x-inngest-no-retry') !== 'true',
    };
  };
}

function checkAnswer(header: string | null, text: string, signingKey: string): void {
  const seconds = Number(new URLSearchParams(header ?? '').get('t'));
  // The SDK signs the text as it is.
  if (header !== signature(text, signingKey, seconds)) throw new Error('The answer of the worker is not signed.');
}

import type { Answer, Connections } from './connection.ts';

/** How one submission went. Times as of `performance.now()`. */
export type Insisted =
  | {
      readonly kind: 'accepted';
      readonly sentAt: number;
      readonly answeredAt: number;
      readonly refusals: readonly Refusal[];
    }
  | { readonly kind: 'gave-up'; readonly refusals: readonly Refusal[] }
  | { readonly kind: 'error'; readonly message: string };

export interface Refusal {
  readonly status: number;
  /** Null when the answer did not say when to come back. */
  readonly retryAfterSeconds: number | null;
  readonly sentAt: number;
  readonly answeredAt: number;
}

export interface Insistence {
  readonly intendedAt: number;
  /** How often it comes in all. */
  readonly tries: number;
  /** After which it does not come back any more. */
  readonly until?: number;
}

/** Submits, and comes back when it was told to, until it is accepted or has tried often enough. */
export function insist(
  connections: Connections,
  request: string,
  { intendedAt, tries, until = Infinity }: Insistence,
  onEnd: (how: Insisted) => void,
): void {
  const refusals: Refusal[] = [];
  const attempt = (sentAt: number): void => {
    connections.send(request, (answer) => {
      const answeredAt = performance.now();
      if (answer instanceof Error) onEnd({ kind: 'error', message: answer.message });
      else if (answer.status === 202) onEnd({ kind: 'accepted', sentAt, answeredAt, refusals });
      else if (answer.status !== 429 && answer.status !== 503)
        onEnd({ kind: 'error', message: `${answer.status} ${answer.body}` });
      else {
        const retryAfterSeconds = retryAfterOf(answer);
        refusals.push({ status: answer.status, retryAfterSeconds, sentAt, answeredAt });
        const waitMs = (retryAfterSeconds ?? 1) * 1_000;
        if (refusals.length >= tries || answeredAt + waitMs > until) onEnd({ kind: 'gave-up', refusals });
        else setTimeout(() => attempt(performance.now()), waitMs);
      }
    });
  };
  attempt(intendedAt);
}

function retryAfterOf({ head }: Answer): number | null {
  const text = /\r\nretry-after: (\d+)\r\n/.exec(head)?.[1];
  return text === undefined ? null : Number(text);
}

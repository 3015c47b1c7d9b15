import type { Submission } from '../../../src/client.ts';

/** A request as it was typed. Empty: not said. */
export interface SubmissionDraft {
  readonly squad: string;
  readonly message: string;
  readonly priority: string;
  readonly usd: string;
  readonly tokens: string;
}

const microUsd = 1_000_000;

/** What the API takes; null while something is missing or no number. Where a budget is used up, a person is asked. */
export function submissionOf({ squad, message, priority, usd, tokens }: SubmissionDraft): Submission | null {
  const [importance, limitUsd, limitTokens] = [priority, usd, tokens].map((text) =>
    text.trim() === '' ? null : Number(text),
  );
  const isWrong =
    message.trim() === '' ||
    (importance != null && (!Number.isInteger(importance) || Math.abs(importance) > 100)) ||
    (limitUsd != null && !(limitUsd >= 0)) ||
    (limitTokens != null && !(Number.isInteger(limitTokens) && limitTokens > 0));
  if (isWrong) return null;
  const limits = {
    ...(limitUsd == null ? {} : { limitMicroUsd: Math.round(limitUsd * microUsd) }),
    ...(limitTokens == null ? {} : { limitTokens }),
  };
  return {
    message,
    ...(squad === '' ? {} : { squad }),
    ...(importance == null ? {} : { priority: importance }),
    ...(Object.keys(limits).length === 0 ? {} : { budget: { ...limits, onExceeded: 'ask' as const } }),
  };
}

import { AISDKError, APICallError } from '@ai-sdk/provider';
import { type ErrorCode, SquadraError } from '../kernel/errors.ts';
import { maxRetryAfterMs } from '../kernel/retry.ts';
import type { PricedModel } from './pricing.ts';
import { retryAfterMs } from './retry-after.ts';
import { scrubError, scrubText } from './scrub.ts';

/** What is known of a call that failed. */
export interface FailedCall {
  readonly model: PricedModel;
  readonly secrets: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whether the provider had begun to answer. */
  readonly answering: boolean;
}

/** The error of the catalogue for whatever a provider threw. An error of the catalogue stays what it is. */
export function modelError(error: unknown, call: FailedCall): SquadraError {
  if (error instanceof SquadraError) return error;
  if (APICallError.isInstance(error)) return apiError(error, call);
  if (AISDKError.isInstance(error) && !call.answering)
    return failure('MODEL_REJECTED', 'cannot be called', error, call);
  if (call.answering) return failure('MODEL_BROKEN_STREAM', 'broke off its answer', error, call);
  return failure('MODEL_UNAVAILABLE', 'could not be reached', error, call);
}

function apiError(error: APICallError, call: FailedCall): SquadraError {
  const status = error.statusCode;
  if (status === undefined) return failure('MODEL_UNAVAILABLE', 'could not be reached', error, call);
  // The status of the answer's head: it had begun, and then its body broke.
  if (status < 400) return failure('MODEL_BROKEN_STREAM', 'broke off its answer', error, call);
  const said = `answered ${status}`;
  if (isOverflow(error)) return failure('CONTEXT_OVERFLOW', 'cannot read that much at once', error, call, { status });
  if (status !== 429 && status < 500 && !passingStatuses.has(status)) {
    return failure('MODEL_REJECTED', said, error, call, { status }, cures.get(status));
  }
  const waitMs = retryAfterMs(error.responseHeaders, call.now);
  if (isOutOfQuota(error)) return failure('QUOTA_EXHAUSTED', said, error, call, { status });
  if (waitMs !== null && waitMs > maxRetryAfterMs) {
    const wait = `It asks to wait ${Math.ceil(waitMs / 60_000)} minutes.`;
    return failure('QUOTA_EXHAUSTED', said, error, call, { status, retryAfterMs: waitMs }, wait);
  }
  return failure(
    'MODEL_UNAVAILABLE',
    said,
    error,
    call,
    waitMs === null ? { status } : { status, retryAfterMs: waitMs },
  );
}

/** Request time-out, conflict with a call in flight, too early: the same call may succeed later. */
const passingStatuses = new Set([408, 409, 425]);

const cures = new Map([
  [401, 'Check the key (OPENAI_API_KEY).'],
  [403, 'Check what the key may use (OPENAI_API_KEY).'],
  [404, 'Check the model (SQUADRA_MODEL, or the member) and the address (OPENAI_BASE_URL).'],
  [413, 'The request is too long for this model.'],
]);

/** Providers have no status for it, and each says it in words of its own. */
const overflowWords =
  /context_length_exceeded|(?:maximum|max) context length|prompt is too long|exceeds? the (?:model's )?context/i;
/** What a provider says of an error is short; a page of a proxy need not be searched to its end. */
const maxSearched = 10_000;

function isOverflow({ statusCode, message, responseBody }: APICallError): boolean {
  if (statusCode !== 400 && statusCode !== 413 && statusCode !== 422) return false;
  return overflowWords.test(`${message} ${responseBody ?? ''}`.slice(0, maxSearched));
}

/** OpenAI says 429 both for "slow down" and for "pay first"; only the code in the body tells them apart. */
function isOutOfQuota(error: APICallError): boolean {
  return error.statusCode === 429 && error.responseBody?.includes('"insufficient_quota"') === true;
}

function failure(
  code: ErrorCode,
  event: string,
  error: unknown,
  { model, secrets }: FailedCall,
  details: Readonly<Record<string, unknown>> = {},
  cure?: string,
): SquadraError {
  const said = scrubText(messageOf(error), secrets);
  const message = [`${model.provider}/${model.model} ${event}${said === '' ? '.' : `: ${said}`}`, cure]
    .filter(Boolean)
    .join(' ');
  return new SquadraError(code, message, {
    cause: scrubError(error, secrets),
    details: { provider: model.provider, model: model.model, ...details },
  });
}

/** Streams carry errors as plain objects, too. */
function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

import { AISDKError, APICallError } from '@ai-sdk/provider';
import { builtInProviders } from './built-in-providers.ts';
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
  if (isOutOfQuota(error)) return failure('QUOTA_EXHAUSTED', said, error, call, { status });
  if (status !== 429 && status < 500 && !passingStatuses.has(status)) {
    return failure('MODEL_REJECTED', said, error, call, { status }, cureOf(status, call.model));
  }
  const waitMs = retryAfterMs(error.responseHeaders, call.now);
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

function cureOf(status: number, { provider }: PricedModel): string | undefined {
  const { keyVariable = null, addressVariable } = builtInProviders.find(({ name }) => name === provider) ?? {};
  const key = keyVariable === null ? '' : ` (${keyVariable})`;
  switch (status) {
    case 401:
      return `Check the key${key}.`;
    case 403:
      return `Check what the key may use${key}.`;
    case 404:
      return `Check the model (SQUADRA_MODEL, or the member) and the address${addressVariable === undefined ? '' : ` (${addressVariable})`}.`;
    case 413:
      return 'The request is too long for this model.';
    default:
      return undefined;
  }
}

/** Providers have no status for it, and each says it in words of its own. */
const overflowWords =
  /context_length_exceeded|(?:maximum|max) context length|prompt is too long|exceeds? the (?:model's )?context/i;
/** What a provider says of an error is short; a page of a proxy need not be searched to its end. */
const maxSearched = 10_000;

function isOverflow({ statusCode, message, responseBody }: APICallError): boolean {
  if (statusCode !== 400 && statusCode !== 413 && statusCode !== 422) return false;
  return overflowWords.test(`${message} ${responseBody ?? ''}`.slice(0, maxSearched));
}

/** Providers say it with the status of another trouble; only the words in the body tell them apart. */
const paymentWords = /"insufficient_quota"|"billing_error"|credit balance is too low/i;
const paymentStatuses = new Set([400, 402, 403, 429]);

function isOutOfQuota({ statusCode, responseBody }: APICallError): boolean {
  return paymentStatuses.has(statusCode ?? 0) && paymentWords.test((responseBody ?? '').slice(0, maxSearched));
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

import { AISDKError, APICallError } from '@ai-sdk/provider';

/** An error as it travels between threads, where classes do not. */
export interface SentError {
  readonly kind: 'api' | 'sdk' | 'other';
  readonly name: string;
  readonly message: string;
  readonly cause: SentError | null;
  /** Of an answer that was an error. */
  readonly api: {
    readonly url: string;
    readonly statusCode: number | null;
    readonly responseHeaders: Readonly<Record<string, string>> | null;
    readonly responseBody: string | null;
    readonly isRetryable: boolean;
  } | null;
}

/** Causes deeper than this say nothing that helps. */
const maxDepth = 8;

/** The request's body stays behind: it is the prompt. */
export function sendError(error: unknown, depth = 0): SentError {
  const cause =
    error instanceof Error && error.cause !== undefined && depth < maxDepth ? sendError(error.cause, depth + 1) : null;
  const plain = { name: error instanceof Error ? error.name : 'Error', message: messageOf(error), cause };
  if (APICallError.isInstance(error)) {
    const { url, statusCode = null, responseHeaders = null, responseBody = null, isRetryable } = error;
    return { ...plain, kind: 'api', api: { url, statusCode, responseHeaders, responseBody, isRetryable } };
  }
  return { ...plain, kind: AISDKError.isInstance(error) ? 'sdk' : 'other', api: null };
}

/** An error that is told apart as the one that was sent. */
export function receiveError({ kind, name, message, cause: sent, api }: SentError): Error {
  const cause = sent === null ? undefined : receiveError(sent);
  if (api !== null) {
    return new APICallError({
      message,
      url: api.url,
      requestBodyValues: {},
      cause,
      isRetryable: api.isRetryable,
      ...(api.statusCode === null ? {} : { statusCode: api.statusCode }),
      ...(api.responseHeaders === null ? {} : { responseHeaders: { ...api.responseHeaders } }),
      ...(api.responseBody === null ? {} : { responseBody: api.responseBody }),
    });
  }
  if (kind === 'sdk') return new AISDKError({ name, message, cause });
  return Object.assign(new Error(message, { cause }), { name });
}

/** Streams carry errors as plain objects, too. */
function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

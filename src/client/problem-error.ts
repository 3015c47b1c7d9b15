/** What a server said went wrong: `code` is of the error catalogue, `help` says what to do about it. */
export interface ProblemDocument {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly help: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly [fact: string]: unknown;
}

/**
 * An answer that is a problem, or none at all (`code` is then `UNREACHABLE`, `status` 0).
 *
 * @example
 * try {
 *   await squadra.executions.retry(id);
 * } catch (error) {
 *   if (error instanceof ProblemError && error.code === 'ILLEGAL_TRANSITION') console.log(error.problem.executionStatus);
 * }
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly code: string;
  readonly problem: ProblemDocument;

  constructor(problem: ProblemDocument, options?: { readonly cause?: unknown }) {
    super(problem.detail, options);
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
  }
}

/** The problem of an answer, also of one that something between us and the server wrote. */
export function problemOf(status: number, text: string): ProblemDocument {
  const parsed = parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'code' in parsed && 'detail' in parsed)
    return parsed as ProblemDocument;
  return {
    status,
    code: 'UNEXPECTED_ANSWER',
    title: 'Unexpected answer',
    detail: `The address answered ${status}, but not as Squadra does: ${text.slice(0, 200)}`,
    help: 'Check the address, and what stands between here and the server.',
    requestId: '',
  };
}

export function unreachable(url: string, cause: unknown): ProblemError {
  const detail = `Nobody answers at ${url}: ${cause instanceof Error ? cause.message : String(cause)}`;
  const help = 'Check the address, and whether the server runs.';
  return new ProblemError(
    { status: 0, code: 'UNREACHABLE', title: 'Unreachable', detail, help, requestId: '' },
    { cause },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

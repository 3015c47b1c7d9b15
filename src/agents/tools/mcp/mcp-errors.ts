import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { NonRetryableError, SquadraError } from '../../../kernel/errors.ts';
import { scrubError, scrubText } from '../../scrub.ts';
import { isBrokenOff } from './remote-server.ts';

/** What was being done with a server when it failed. */
export interface FailedUse {
  readonly server: string;
  /** Null while connecting and listing. */
  readonly tool: string | null;
  readonly timeoutMs: number;
  readonly secrets: readonly string[];
  /** What a started server wrote to its standard error; empty for one over HTTP. */
  readonly lastWords: string;
}

/** What a failure says about the connection that it happened on. */
export type Verdict = 'keep' | 'probe' | 'drop';

/** Statuses by which a server says that it does not know the session (any more): it was started again. */
const forgotten = new Set([400, 404, 410]);
const denied = new Set([401, 403, 407]);
/** The call cannot have left. */
const unsentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
]);

/** Enough for a reason, and less than a message may have. */
const maxLastWords = 800;

/** Whether the next call may use the same connection. */
export function verdictOf(error: unknown): Verdict {
  if (isBrokenOff(error)) return 'drop';
  if (error instanceof ProtocolError) return 'keep';
  return isTimeout(error) ? 'probe' : 'drop';
}

/** The error for a caller: what the server said without keys, and whether the call may have had an effect. */
export function mcpError(error: unknown, use: FailedUse): Error {
  if (error instanceof SquadraError || error instanceof NonRetryableError) return error;
  const said = scrubText(error instanceof Error ? wholeMessage(error) : String(error), use.secrets);
  const cause = scrubError(error, use.secrets);
  const what = `MCP server '${use.server}'`;
  if (error instanceof ProtocolError && !isBrokenOff(error))
    return new NonRetryableError(`${what} refused the call: ${said}`, { cause });
  const status = error instanceof SdkHttpError ? error.status : null;
  if (status !== null && denied.has(status))
    return new NonRetryableError(`${what} answered ${status}: check the headers of its configuration.`, { cause });
  const mayHaveRun = use.tool !== null && !(status !== null && forgotten.has(status)) && !isUnsent(error);
  const details = { server: use.server, tool: use.tool, mayHaveRun };
  if (isTimeout(error)) {
    const message = `${what} did not answer within ${use.timeoutMs} ms.`;
    return new SquadraError('TOOL_TIMEOUT', message, { cause, details: { ...details, limitMs: use.timeoutMs } });
  }
  const words = lastWordsOf(use);
  const message = `${what} cannot be reached: ${said}${words === '' ? '' : ` It last said: ${words}`}`;
  return new SquadraError('TOOL_UNAVAILABLE', message, { cause, details });
}

/** The end of it, where the reason stands. What the cuts left of a word at its beginning may be half a key. */
function lastWordsOf({ lastWords, secrets }: FailedUse): string {
  let clean = lastWords;
  for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]');
  if (clean.length <= maxLastWords) return scrubText(clean, secrets);
  return scrubText(clean.slice(-maxLastWords).replace(/^\S*\s*/, ''), secrets);
}

function isTimeout(error: unknown): boolean {
  return error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout;
}

function isUnsent(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string' && unsentCodes.has(at.code)) return true;
  }
  return error instanceof SdkError && error.code === SdkErrorCode.NotConnected;
}

/** `fetch failed` says nothing; what stands at the end of the chain does. */
function wholeMessage(error: Error): string {
  let root = error;
  for (let depth = 0; root.cause instanceof Error && depth < 8; depth += 1) root = root.cause;
  const reason = root.message === '' && 'code' in root ? String(root.code) : root.message;
  return error.message.includes(reason) ? error.message : `${error.message} (${reason})`;
}

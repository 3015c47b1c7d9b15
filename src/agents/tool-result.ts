import { createHash } from 'node:crypto';
import { NonRetryableError, SquadraError } from '../kernel/errors.ts';
import { encodeJson } from '../kernel/json.ts';
import { scrubText } from './scrub.ts';

/** What a tool gave back beyond this is not kept: a text of this size no longer helps anybody. */
const maxKeptBytes = 64 * 1024 * 1024;
const maxErrorLines = 40;

/** What a tool returned, as text: text as it is, anything else as JSON. */
export function resultText(value: unknown, tool: string): string {
  if (value === undefined) return 'Done; there is nothing to report.';
  const what = `What ${tool} returned`;
  const text = typeof value === 'string' ? value : encodeJson(value, { maxBytes: maxKeptBytes, what });
  // Half a character pair cannot be stored, and a replay has to see what the first run saw.
  const whole = text.toWellFormed();
  return Buffer.byteLength(whole) <= maxKeptBytes ? whole : cutText(whole, maxKeptBytes);
}

/** What a model is told of an error: its message, without secrets and control characters, in bounded length. */
export function errorText(error: unknown, secrets: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split('\n', maxErrorLines).map((line) => scrubText(line, secrets));
  const isOurs = error instanceof SquadraError || error instanceof NonRetryableError;
  const name = error instanceof Error && !isOurs && error.name !== 'Error' ? `${scrubText(error.name, secrets)}: ` : '';
  return `${name}${lines.join('\n').trim()}`.trim().toWellFormed() || 'The tool failed and did not say why.';
}

/** The beginning of a text in at most that many bytes of UTF-8, no character cut in half. */
export function cutText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  // The bytes after the first of a character begin with 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** The file in which the whole of a long result is kept, as names from the workspace's folder down. */
export function resultFile(stepKey: string): readonly [folder: string, name: string] {
  // The names of steps are their authors'; the digest keeps those apart that look alike without what no file name may hold.
  const digest = createHash('sha256').update(stepKey).digest('hex').slice(0, 8);
  return ['.results', `${stepKey.replaceAll(/[^\w-]+/g, '-').slice(0, 100)}-${digest}.txt`];
}

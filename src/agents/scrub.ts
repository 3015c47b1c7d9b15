const maxMessageLength = 1_000;
const maxCauses = 8;

/** Keys as providers shape them, for those of the user's own providers, which are not known here. */
const keyShapes = [
  /\b(?:sk|pk|rk|gsk|xai|key)[-_][\w*-]{8,}/g,
  /\b(Bearer|Basic)\s+[\w.~+/=*-]{8,}/gi,
  /(?<=:\/\/)[^\s/@:]*:[^\s/@]*(?=@)/g,
];

/** Foreign text made fit for a message: no secrets, no control characters, of bounded length. */
export function scrubText(text: string, secrets: readonly string[]): string {
  // Cut before the patterns run: hostile text may be megabytes on one line. Secrets that the cut splits are caught as a whole first.
  let clean = text.slice(0, maxMessageLength * 4);
  for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]');
  for (const shape of keyShapes) clean = clean.replaceAll(shape, '[secret]');
  clean = clean.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return clean.length <= maxMessageLength ? clean : `${clean.slice(0, maxMessageLength)}…`;
}

/** A copy of an error's chain that carries names and messages alone: the original holds the whole request, headers included. */
export function scrubError(error: unknown, secrets: readonly string[], depth = 0): Error {
  const message = error instanceof Error ? error.message : String(error);
  const deeper = error instanceof Error && error.cause !== undefined && depth < maxCauses;
  const copy = new Error(
    scrubText(message, secrets),
    deeper ? { cause: scrubError(error.cause, secrets, depth + 1) } : undefined,
  );
  if (error instanceof Error) copy.name = error.name;
  if (error instanceof Error && error.stack !== undefined) copy.stack = scrubStack(error.stack, copy);
  return copy;
}

/** The frames of the original under the scrubbed head. */
function scrubStack(stack: string, copy: Error): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return [`${copy.name}: ${copy.message}`, ...frames.slice(0, 20)].join('\n');
}

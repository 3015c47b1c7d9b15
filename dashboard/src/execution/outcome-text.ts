/** What came out of an execution, as text: its answer, what went wrong, or why it was cancelled. */
export function outcomeText(execution: {
  readonly status: string;
  readonly output: unknown;
  readonly error: { readonly message: string } | null;
  readonly reason: string | null;
}): string {
  const { status, output, error, reason } = execution;
  if (status === 'failed') return error?.message ?? 'It failed.';
  if (status === 'cancelled') return reason ?? 'It was cancelled.';
  if (status !== 'completed') return 'Nothing yet.';
  return answerText(output) ?? ['```json', JSON.stringify(output, null, 2), '```'].join('\n');
}

/** What was answered, where an output is text or has one. */
function answerText(output: unknown): string | null {
  if (typeof output === 'string') return output;
  if (typeof output !== 'object' || output === null) return null;
  for (const name of ['answer', 'text', 'result', 'summary']) {
    const found: unknown = Reflect.get(output, name);
    if (typeof found === 'string') return found;
  }
  return null;
}

/** Longer ones say no more in a list. */
const mostCharacters = 300;

/** What an execution was asked for, in one line: its message where it has one, else its input. */
export function requestText(input: unknown): string {
  const text = wholeRequest(input).replaceAll(/\s+/g, ' ').trim();
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters).toWellFormed()}…`;
}

/** The same as it was written. */
export function wholeRequest(input: unknown): string {
  if (typeof input === 'string') return input;
  if (input === null || input === undefined) return 'Without a request';
  if (typeof input === 'object' && 'message' in input && typeof input.message === 'string') return input.message;
  return JSON.stringify(input);
}

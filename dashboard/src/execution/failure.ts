/** What went wrong, as the journal keeps it. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: Failure;
}

/** More causes than this no journal keeps. */
const mostCauses = 16;

/** A failure of the API, checked; null for what is none. */
export function failureOf(value: unknown, depth = 0): Failure | null {
  if (typeof value !== 'object' || value === null || depth >= mostCauses) return null;
  const text = (name: string): string | undefined => {
    const found: unknown = Reflect.get(value, name);
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  const [name, message, code, stack] = ['name', 'message', 'code', 'stack'].map(text);
  if (name === undefined && message === undefined) return null;
  const cause = failureOf(Reflect.get(value, 'cause'), depth + 1);
  return {
    name: name ?? 'Error',
    message: message ?? '',
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === null ? {} : { cause }),
  };
}

/** A failure and what caused it, the outermost first. */
export function chainOf(failure: Failure): readonly Failure[] {
  const chain: Failure[] = [];
  for (let next: Failure | undefined = failure; next !== undefined; next = next.cause) chain.push(next);
  return chain;
}

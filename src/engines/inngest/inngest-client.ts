import type { Inngest } from 'inngest';
import { SquadraError } from '../../kernel/errors.ts';
import { appId } from './inngest-order.ts';

export interface InngestClientSettings {
  /** Null: Inngest Cloud, or a dev server in its usual place. */
  readonly inngestBaseUrl: string | null;
  /** Null: no dev server. `true`: one in its usual place; otherwise its address. */
  readonly inngestDev: string | null;
  readonly inngestEventKey: string | null;
  readonly inngestSigningKey: string | null;
  /** Which workflows a worker has; null where nobody named them. */
  readonly codeVersion: string | null;
}

/** One that does not answer for so long is taken for gone; what it may have got is sent again, under the same id. */
const timeoutMs = 5_000;

/** Where Inngest is: its API and where it takes events. */
export interface InngestPlace {
  readonly api: string;
  readonly events: string;
}

export function inngestPlace({ inngestBaseUrl, inngestDev }: InngestClientSettings): InngestPlace {
  const own = inngestBaseUrl ?? (inngestDev === 'true' ? 'http://localhost:8288/' : inngestDev);
  return own === null ? { api: 'https://api.inngest.com/', events: 'https://inn.gs/' } : { api: own, events: own };
}

/**
 * The SDK is a package of its own, which only those have who run on Inngest: with what it brings it is larger than Squadra.
 * Throws `INVALID_SETTING` where it is not installed.
 */
export async function installed<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new SquadraError(
      'INVALID_SETTING',
      'SQUADRA_ENGINE=inngest needs the package inngest, which is not installed: run `npm install inngest@4`.',
      { cause: error },
    );
  }
}

/** What the SDK of Inngest talks to it with. What it has to say of what went wrong is told to `onProblem`. */
export async function openInngestClient(
  settings: InngestClientSettings,
  onProblem: (problem: string) => void,
): Promise<Inngest> {
  const { Inngest } = await installed(() => import('inngest'));
  const { inngestBaseUrl, inngestDev, inngestEventKey, inngestSigningKey, codeVersion } = settings;
  const tell = (...said: readonly unknown[]): void => onProblem(said.map(shown).join(' '));
  const own = inngestBaseUrl !== null || inngestDev !== null ? { baseUrl: inngestPlace(settings).api } : {};
  return new Inngest({
    id: appId,
    isDev: inngestDev !== null,
    ...own,
    ...(inngestEventKey === null ? {} : { eventKey: inngestEventKey }),
    ...(inngestSigningKey === null ? {} : { signingKey: inngestSigningKey }),
    ...(codeVersion === null ? {} : { appVersion: codeVersion }),
    fetch: (input: string | URL | Request, init?: RequestInit) =>
      fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(timeoutMs) }),
    logger: { info: () => {}, debug: () => {}, warn: tell, error: tell },
    // Each step is a request of its own, whose answer Inngest has stored before the next one: what goes on after a crash is then known.
    checkpointing: false,
    // Models are told of in the traces of Squadra.
    aiMetadata: false,
  });
}

function shown(said: unknown): string {
  if (said instanceof Error) return said.message;
  if (typeof said === 'string') return said;
  const { err } = (said ?? {}) as { readonly err?: unknown };
  return err instanceof Error ? err.message : (JSON.stringify(said) ?? '');
}

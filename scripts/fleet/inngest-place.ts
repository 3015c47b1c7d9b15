import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A real Inngest that tests may use: one that runs, or the binary of one. */
export type InngestPlace =
  | {
      readonly kind: 'running';
      readonly url: string;
      readonly eventKey: string | null;
      readonly signingKey: string | null;
    }
  | { readonly kind: 'binary'; readonly path: string };

/** What the environment says of one: `INNGEST_BASE_URL` with its keys, or an `inngest` on the path; null where there is neither. */
export function findInngest(environment: NodeJS.ProcessEnv): InngestPlace | null {
  const { INNGEST_BASE_URL: url = '', INNGEST_EVENT_KEY: eventKey, INNGEST_SIGNING_KEY: signingKey } = environment;
  if (url !== '') return { kind: 'running', url, eventKey: eventKey ?? null, signingKey: signingKey ?? null };
  const name = process.platform === 'win32' ? 'inngest.exe' : 'inngest';
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  return path === undefined ? null : { kind: 'binary', path };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

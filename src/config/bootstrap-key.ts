import { readFileSync } from 'node:fs';
import { SquadraError } from '../kernel/errors.ts';
import type { Settings } from './settings.ts';

/** The first key as an operator gave it, itself or in a file; null when there is none. Throws `INVALID_SETTING`. */
export function readBootstrapKey({
  bootstrapKey,
  bootstrapKeyFile,
}: Pick<Settings, 'bootstrapKey' | 'bootstrapKeyFile'>): string | null {
  if (bootstrapKeyFile === null) return bootstrapKey;
  if (bootstrapKey !== null)
    throw new SquadraError('INVALID_SETTING', 'Give SQUADRA_BOOTSTRAP_KEY or SQUADRA_BOOTSTRAP_KEY_FILE, not both.');
  try {
    return readFileSync(bootstrapKeyFile, 'utf8').trim();
  } catch (cause) {
    const message = `SQUADRA_BOOTSTRAP_KEY_FILE names ${bootstrapKeyFile}, which cannot be read.`;
    throw new SquadraError('INVALID_SETTING', message, { cause });
  }
}

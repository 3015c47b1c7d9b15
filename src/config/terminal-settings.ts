import type { Environment } from './settings.ts';

/** What the customary variables say about the terminal. Those of Squadra itself are in the table of settings. */
export interface TerminalSettings {
  /** False: no colours (https://no-color.org); true: colours even where there is no terminal; null: as the terminal is. */
  readonly colours: boolean | null;
  /** Whether lines may be painted over: not on a dumb terminal, and not in the log of a build. */
  readonly repaints: boolean;
  /** Whether whoever looks wants to see stacks. */
  readonly debugs: boolean;
}

/** Reads `NO_COLOR`, `FORCE_COLOR`, `CI`, `TERM` and the log level. */
export function readTerminalSettings(environment: Environment = process.env): TerminalSettings {
  const has = (name: string): boolean => (environment[name] ?? '') !== '';
  const isDumb = environment['TERM'] === 'dumb';
  const isForced = has('FORCE_COLOR') && environment['FORCE_COLOR'] !== '0';
  return {
    colours: has('NO_COLOR') || environment['FORCE_COLOR'] === '0' ? false : isForced ? true : isDumb ? false : null,
    repaints: !isDumb && !(has('CI') && environment['CI'] !== 'false') && !has('NO_COLOR'),
    debugs: ['debug', 'trace'].includes(environment['SQUADRA_LOG_LEVEL'] ?? ''),
  };
}

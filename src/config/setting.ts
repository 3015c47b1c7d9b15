import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { durationMs, formatDuration } from '../kernel/duration.ts';
import type { Duration } from '../kernel/duration.ts';
import { SquadraError } from '../kernel/errors.ts';

/** What reading one value came to: the value, or what is wrong with it (without the name of the setting). */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** One row of the table of settings. */
export interface Setting<T> {
  /** The name in the environment. */
  readonly env: string;
  /** What holds when nobody says otherwise. */
  readonly default: T;
  /** The default as a person would write it; `none` where there is none. */
  readonly shownDefault: string;
  readonly unit: string;
  /** The values that are allowed, for people. */
  readonly bounds: string;
  /** What it is for and when to change it. */
  readonly doc: string;
  /** Never shown in messages. */
  readonly secret: boolean;
  /** Reads the text of an environment variable or a value given in code. */
  parse(value: unknown): Reading<T>;
}

/** A length of time: a `Duration` outside, milliseconds inside. */
export interface DurationSetting extends Setting<number> {
  readonly kind: 'duration';
}

export interface Named {
  readonly env: string;
  readonly doc: string;
}

interface Bounded extends Named {
  readonly min: number;
  readonly max: number;
}

/** A number between two bounds; whole unless `fractions` says otherwise. */
export function numberSetting(row: Bounded & { default: number; unit: string; fractions?: boolean }): Setting<number> {
  const fractions = row.fractions ?? false;
  return {
    ...describe(row, String(row.default), row.unit),
    default: row.default,
    bounds: `${row.min} to ${row.max}`,
    parse: (value) => {
      const number = typeof value === 'string' ? readNumber(value) : value;
      if (typeof number !== 'number' || Number.isNaN(number)) return wrong('is not a number');
      if (!fractions && !Number.isInteger(number)) return wrong('is not a whole number');
      return within(number, row, `${row.min} to ${row.max}`);
    },
  };
}

/** A whole number between two bounds whose default depends on something else: null until it is given. */
export function optionalNumberSetting(row: Bounded & { unit: string }): Setting<number | null> {
  const { parse, bounds } = numberSetting({ ...row, default: row.min });
  return {
    ...describe(row, 'none', row.unit),
    default: null,
    bounds,
    parse: (value) => (value === null ? { ok: true, value } : parse(value)),
  };
}

const unitBytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** A size, in bytes or with a unit: `4194304`, `4MiB`. */
export function sizeSetting(row: Bounded & { default: number }): Setting<number> {
  const bounds = `${formatSize(row.min)} to ${formatSize(row.max)}`;
  return {
    ...describe(row, formatSize(row.default), 'bytes'),
    default: row.default,
    bounds,
    parse: (value) => {
      const bytes = typeof value === 'string' ? readSize(value) : value;
      if (typeof bytes !== 'number' || !Number.isInteger(bytes))
        return wrong("is not a size in whole bytes, as 4194304 or '4MiB'");
      return within(bytes, row, bounds);
    },
  };
}

/** A length of time. Its name in the table ends in `Ms`; outside it has none: `shutdownGrace: '30s'`. */
export function durationSetting(row: Named & { default: string; min: string; max: string }): DurationSetting {
  const limits = { min: durationMs(row.min, row.env), max: durationMs(row.max, row.env) };
  const bounds = `${row.min} to ${row.max}`;
  return {
    ...describe(row, row.default, 'duration'),
    kind: 'duration',
    default: durationMs(row.default, row.env),
    bounds,
    parse: (value) => {
      try {
        const ms = durationMs(value as Duration, 'duration');
        return within(ms, limits, `${bounds} (it is ${formatDuration(ms)})`);
      } catch (error) {
        if (!(error instanceof SquadraError)) throw error;
        return wrong("is not a duration with a unit, as '500ms', '30s' or '10m'");
      }
    },
  };
}

/** One of a few words. */
export function choiceSetting<const Choice extends string>(
  row: Named & { default: NoInfer<Choice>; choices: readonly Choice[] },
): Setting<Choice> {
  const bounds = row.choices.join(', ');
  return {
    ...describe(row, row.default, 'name'),
    default: row.default,
    bounds,
    parse: (value) => {
      const choice = row.choices.find((candidate) => candidate === value);
      return choice === undefined ? wrong(`is not one of ${bounds}`) : { ok: true, value: choice };
    },
  };
}

/** On or off: `true` or `false`. */
export function switchSetting(row: Named & { default: boolean }): Setting<boolean> {
  return {
    ...describe(row, String(row.default), 'switch'),
    default: row.default,
    bounds: 'true, false',
    parse: (value) => {
      if (value === true || value === false) return { ok: true, value };
      const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
      return word === 'true' || word === 'false' ? { ok: true, value: word === 'true' } : wrong('is not true or false');
    },
  };
}

/** Any text but an empty one. */
export function textSetting(row: Named & { default: string; unit: string }): Setting<string> {
  return {
    ...describe(row, row.default, row.unit),
    default: row.default,
    bounds: 'not empty',
    parse: (value) => (isText(value) ? { ok: true, value } : wrong('is not a text, or empty')),
  };
}

/** A name that may be left out. */
export function nameSetting(row: Named & { unit: string }): Setting<string | null> {
  return {
    ...describe(row, 'none', row.unit),
    default: null,
    bounds: 'not empty',
    parse: (value) => {
      if (value === null) return { ok: true, value };
      return isText(value) ? { ok: true, value: value.trim() } : wrong('is not a text, or empty');
    },
  };
}

/** A text that most users do not need and some must keep to themselves: a key. */
export function secretSetting(row: Named): Setting<string | null> {
  return {
    ...describe(row, 'none', 'text'),
    default: null,
    bounds: 'not empty',
    secret: true,
    parse: (value) => {
      if (value === null) return { ok: true, value };
      return isText(value) ? { ok: true, value: value.trim() } : wrong('is not a text, or empty');
    },
  };
}

/** An http or https address, kept without the slash at its end. */
export function urlSetting(row: Named): Setting<string | null> {
  return {
    ...describe(row, 'none', 'URL'),
    default: null,
    bounds: 'http or https',
    parse: (value) => {
      if (value === null) return { ok: true, value };
      const url = typeof value === 'string' ? URL.parse(value) : null;
      if (url === null || !/^https?:$/.test(url.protocol)) return wrong('is not an http or https address');
      return { ok: true, value: url.href.replace(/\/+$/, '') };
    },
  };
}

/** Hosts and addresses, separated by commas: `example.com, *.example.org, 10.0.0.0/8`; `*` for every public host. */
export function hostListSetting(row: Named): Setting<readonly string[]> {
  return {
    ...describe(row, 'none', 'hosts'),
    default: [],
    bounds: 'hosts, `*.host`, `*`, addresses, ranges',
    parse: (value) => {
      const entries = typeof value === 'string' ? value.split(',') : value;
      if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === 'string'))
        return wrong('is not a list of hosts, separated by commas');
      const hosts = entries.map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '');
      const bad = hosts.find((host) => !isHostEntry(host));
      if (bad !== undefined)
        return wrong(`contains '${bad}', which is no host (without http:// and port), address or range of addresses`);
      return {
        ok: true,
        value: hosts.map((host) => (isIP(host) === 0 && !host.includes('/') ? domainToASCII(host) || host : host)),
      };
    },
  };
}

function isHostEntry(text: string): boolean {
  const { address = '', prefix } = /^(?<address>[^/]+)(?:\/(?<prefix>\d{1,3}))?$/.exec(text)?.groups ?? {};
  const family = isIP(address);
  if (family !== 0) return prefix === undefined || Number(prefix) <= (family === 4 ? 32 : 128);
  return /^(?:\*|(?:\*\.)?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*)$/u.test(text);
}

export function describe(row: Named, shownDefault: string, unit: string) {
  return { env: row.env, doc: row.doc, shownDefault, unit, secret: false };
}

function within(value: number, limits: { min: number; max: number }, bounds: string): Reading<number> {
  return value >= limits.min && value <= limits.max ? { ok: true, value } : wrong(`is out of bounds: ${bounds}`);
}

export function wrong(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

/** Decimal text only: `Number('')` is 0 and `Number('0x10')` is 16, which nobody means here. */
function readNumber(text: string): number | undefined {
  return /^\s*[+-]?\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

function readSize(text: string): number | undefined {
  const [, amount, unit = 'b'] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)?\s*$/i.exec(text) ?? [];
  const factor = Object.entries(unitBytes).find(([name]) => name.toLowerCase() === unit.toLowerCase())?.[1];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}

function formatSize(bytes: number): string {
  const [unit, factor] = Object.entries(unitBytes).findLast(([, size]) => bytes >= size && bytes % size === 0) ?? [
    'B',
    1,
  ];
  return `${bytes / factor} ${unit}`;
}

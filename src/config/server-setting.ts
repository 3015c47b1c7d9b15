import { describe, secretSetting, urlSetting, wrong } from './setting.ts';
import type { Named, Setting } from './setting.ts';

/** The address of a PostgreSQL, with its password: never shown. */
export function databaseSetting(row: Named): Setting<string | null> {
  return {
    ...secretSetting(row),
    bounds: 'postgres://…',
    parse: (value) => {
      if (value === null) return { ok: true, value };
      const url = typeof value === 'string' ? URL.parse(value.trim()) : null;
      if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol)) return wrong('is not an address postgres://…');
      return { ok: true, value: url.href };
    },
  };
}

/** The address of a Redis, with its password: never shown. */
export function redisSetting(row: Named): Setting<string | null> {
  return {
    ...secretSetting(row),
    bounds: 'redis://…',
    parse: (value) => {
      if (value === null) return { ok: true, value };
      const url = typeof value === 'string' ? URL.parse(value.trim()) : null;
      if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '')
        return wrong('is not an address redis://… or rediss://…');
      return { ok: true, value: url.href };
    },
  };
}

/** Servers of one NATS, separated by commas, with what opens them: never shown. */
export function natsSetting(row: Named): Setting<readonly string[]> {
  return {
    ...secretSetting(row),
    default: [],
    bounds: 'nats://…',
    parse: (value) => {
      const entries: unknown = typeof value === 'string' ? value.split(',') : value;
      if (!Array.isArray(entries)) return wrong('is not a list of addresses');
      const urls = entries.map((entry: unknown) => (typeof entry === 'string' ? URL.parse(entry.trim()) : null));
      const read = urls.flatMap((url) =>
        url !== null && /^(?:nats|tls):$/.test(url.protocol) && url.hostname !== '' ? [url.href] : [],
      );
      return read.length === urls.length
        ? { ok: true, value: read }
        : wrong('is not a list of addresses nats://… or tls://…');
    },
  };
}

/** Addresses as `urlSetting` reads them, separated by commas. */
export function addressListSetting(row: Named): Setting<readonly string[]> {
  const one = urlSetting(row);
  return {
    ...describe(row, 'none', 'URLs'),
    default: [],
    bounds: one.bounds,
    parse: (value) => {
      const entries: unknown = typeof value === 'string' ? value.split(',') : value;
      if (!Array.isArray(entries)) return wrong('is not a list of addresses');
      const urls = entries.map((entry: unknown) => one.parse(typeof entry === 'string' ? entry.trim() : entry));
      const read = urls.flatMap((url) => (url.ok && url.value !== null ? [url.value] : []));
      return read.length === urls.length
        ? { ok: true, value: read }
        : wrong('is not a list of http or https addresses');
    },
  };
}

/** A server for development: on (`true`), at an address, or null: none. */
export function devServerSetting(row: Named): Setting<string | null> {
  const address = urlSetting(row);
  return {
    ...describe(row, 'none', 'switch or URL'),
    default: null,
    bounds: '`1`, `0`, http://…',
    parse: (value) => {
      const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
      if (word === null || word === false || word === 'false' || word === '0') return { ok: true, value: null };
      if (word === true || word === 'true' || word === '1') return { ok: true, value: 'true' };
      const url = address.parse(word);
      return url.ok ? url : wrong('is neither 1 nor 0 nor an address http://…');
    },
  };
}

/** Public keys of Restate, separated by commas. */
export function keyListSetting(row: Named): Setting<readonly string[]> {
  return {
    ...describe(row, 'none', 'keys'),
    default: [],
    bounds: '`publickeyv1_…`',
    parse: (value) => {
      const keys: unknown = typeof value === 'string' ? value.split(',').map((key) => key.trim()) : value;
      const isKey = (key: unknown): key is string => typeof key === 'string' && /^publickeyv1_\w+$/.test(key);
      return Array.isArray(keys) && keys.every(isKey)
        ? { ok: true, value: keys }
        : wrong('is not a list of keys publickeyv1_…');
    },
  };
}

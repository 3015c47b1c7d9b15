import type { Setting } from './setting.ts';

/** Origins of web pages, separated by commas: scheme, host, and the port where it is not the usual one. */
export function originListSetting(row: { readonly env: string; readonly doc: string }): Setting<readonly string[]> {
  return {
    env: row.env,
    doc: row.doc,
    default: [],
    shownDefault: 'none',
    unit: 'origins',
    bounds: 'http or https, without a path',
    secret: false,
    parse: (value) => {
      const entries = typeof value === 'string' ? value.split(',') : value;
      if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === 'string'))
        return { ok: false, problem: 'is not a list of origins, separated by commas' };
      const origins = entries.map((entry) => entry.trim()).filter((entry) => entry !== '');
      const bad = origins.find((origin) => !isOrigin(origin));
      if (bad !== undefined)
        return { ok: false, problem: `contains '${bad}', which is no origin such as https://app.example.com` };
      return { ok: true, value: origins.map((origin) => new URL(origin).origin) };
    },
  };
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/` && !text.includes('*');
}

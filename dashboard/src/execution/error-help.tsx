import { errorCatalogue } from '../../../src/kernel/errors.ts';

/** What to do about an error of the catalogue; nothing for others. A chunk of its own: most pages have no use for it. */
export function ErrorHelp({ code }: { readonly code: string }) {
  const help = Object.entries(errorCatalogue).find(([known]) => known === code)?.[1].help;
  return help === undefined ? null : <p className="muted">{help}</p>;
}

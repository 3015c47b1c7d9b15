import { SquadraError } from '../kernel/errors.ts';
import { isId } from '../kernel/id.ts';

/** Things of one kind that a tenant has, newest first; `before` an id, as text in order. */
export type ListThings = (filter: {
  readonly limit: number;
  readonly before?: string;
}) => Promise<readonly { readonly id: string }[]>;

/** What a kind of thing is called, and the command that lists it. */
export interface ThingWords {
  /** With its article, such as `an execution`. */
  readonly one: string;
  readonly many: string;
  readonly command: string;
}

const prefixPattern = /^[0-9a-f-]{4,35}$/;
const shown = 5;

/** The id that `text` means: a whole one, the beginning of one, or `latest`. Throws `NOT_FOUND`, or `INVALID_INPUT` for several. */
export async function findNamed(list: ListThings, text: string, { one, many, command }: ThingWords): Promise<string> {
  const wanted = text.toLowerCase();
  if (isId(wanted)) return wanted;
  const noun = one.replace(/^an? /, '');
  if (wanted === 'latest') {
    const [newest] = await list({ limit: 1 });
    if (newest === undefined) throw new SquadraError('NOT_FOUND', `There is no ${noun} yet.`);
    return newest.id;
  }
  if (!prefixPattern.test(wanted))
    throw new SquadraError(
      'INVALID_INPUT',
      `'${text}' is no id of ${one}: give one of \`${command}\`, its first characters, or 'latest'.`,
    );
  // Ids are text in order; `g` comes after every digit they are made of.
  const found = await list({ before: `${wanted}g`, limit: shown });
  const matching = found.filter(({ id }) => id.startsWith(wanted));
  const [only] = matching;
  if (only === undefined)
    throw new SquadraError(
      'NOT_FOUND',
      `There is no ${noun} whose id begins with ${text}; \`${command}\` shows those there are.`,
    );
  if (matching.length > 1)
    throw new SquadraError(
      'INVALID_INPUT',
      `Several ${many} begin with ${text}: ${matching.map(({ id }) => id).join(', ')}${matching.length === shown ? ' …' : ''}. Give more of the id.`,
    );
  return only.id;
}

import type { FastifyInstance } from 'fastify';
import { SquadraError } from '../kernel/errors.ts';

/** Levels of lists and objects in a body: what nests deeper could be read here, and then break whoever walks through it. */
const maxDepth = 500;

/** JSON is all that is taken. An empty body is none, whatever its type says. */
export function acceptBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^application\/(?:[\w.+-]+\+)?json(?:;|$)/, { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString();
    if (text === '') done(null, undefined);
    else if (isDeeperThan(maxDepth, text))
      done(new SquadraError('INVALID_INPUT', `The body nests deeper than ${maxDepth} levels.`));
    else void parse(request, text, done);
  });
}

const quote = 0x22;
const backslash = 0x5c;
/** `[` and `{`, `]` and `}` differ in this bit alone, and nothing else of JSON outside of texts is like them. */
const braceBit = 0x20;
const opening = 0x7b;
const closing = 0x7d;

function isDeeperThan(limit: number, text: string): boolean {
  // As many brackets as that take more than twice as many characters.
  if (text.length <= 2 * limit) return false;
  let depth = 0;
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code === quote) place = endOfText(text, place);
    else if ((code | braceBit) === opening && ++depth > limit) return true;
    else if ((code | braceBit) === closing) depth--;
  }
  return false;
}

/** The place of the quote that ends a text, or the end where none does. */
function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, place: number): boolean {
  let before = place - 1;
  while (text.charCodeAt(before) === backslash) before--;
  return (place - before) % 2 === 0;
}

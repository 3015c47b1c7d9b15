/** What a model call that is under way has said so far. */
export interface LiveText {
  /** Which try of its step it belongs to. */
  readonly attempt: number;
  /** Where `text` begins in what was said: above 0 where the beginning is not known. */
  readonly offset: number;
  readonly text: string;
}

/** A piece of it as the server tells it (`text-so-far` or `text-delta`). */
export interface TextPiece extends LiveText {
  readonly stepKey: string;
}

/** All of an attempt that is known: takes the place of what was heard of it, and of attempts before. */
export function textSoFar(known: LiveText | undefined, { attempt, offset, text }: TextPiece): LiveText {
  return known !== undefined && known.attempt > attempt ? known : { attempt, offset, text };
}

/**
 * The next piece: added where what is known ends. What was heard already is not said twice; a piece of an older attempt says
 * nothing; one of a newer attempt begins anew. After a gap the server tells all of it again, and until then nothing is added.
 */
export function withPiece(known: LiveText | undefined, { attempt, offset, text }: TextPiece): LiveText {
  if (known === undefined || known.attempt < attempt) return { attempt, offset, text };
  const heard = known.offset + known.text.length - offset;
  if (known.attempt > attempt || heard < 0 || heard >= text.length) return known;
  return { ...known, text: known.text + text.slice(heard) };
}

const fence = /^ {0,3}(```|~~~)/;

/**
 * Where the paragraphs end that no later piece can change: after the last empty line outside of fenced code. What comes before
 * need not be drawn again with each piece.
 */
export function settledLength(text: string): number {
  let settled = 0;
  let open: string | null = null;
  let at = 0;
  for (const line of text.split('\n')) {
    const mark = fence.exec(line)?.[1] ?? null;
    if (mark !== null) open = open === null ? mark : open === mark ? null : open;
    at += line.length + 1;
    if (line === '' && open === null) settled = Math.min(at, text.length);
  }
  return settled;
}

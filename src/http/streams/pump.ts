import { SquadraError } from '../../kernel/errors.ts';
import type { EventStream } from './event-stream.ts';

/** Pieces of text travel together up to this length. */
const pieceLength = 16 * 1024;

/**
 * Tells a client all that comes, no faster than it reads: meanwhile nothing is asked for, and what comes is stored or made
 * up for. Ends the stream when there is nothing more, and with `farewell` when there is more but not from here.
 */
export async function pump<T>(
  stream: EventStream,
  batches: AsyncIterable<T>,
  texts: (batch: T) => Iterable<string>,
  farewell: string,
): Promise<void> {
  try {
    for await (const batch of batches) {
      let piece = '';
      for (const text of texts(batch)) {
        piece += text;
        if (piece.length < pieceLength) continue;
        stream.write(piece);
        piece = '';
        if (stream.room !== null) await stream.room;
        if (stream.signal.aborted) return;
      }
      stream.write(piece);
      if (stream.room !== null) await stream.room;
      if (stream.signal.aborted) return;
    }
    stream.end();
  } catch (error) {
    stream.end(farewell);
    // The readers are busy, the server stops: the client comes again. Anything else somebody has to look at.
    if (!(error instanceof SquadraError) || error.code === 'INTERNAL') throw error;
  }
}

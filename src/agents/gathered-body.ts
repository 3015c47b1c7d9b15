import type { IncomingMessage } from 'node:http';
import type { GatherWindow } from './gather-window.ts';

/** What is gathered at most before it is handed on, in bytes. */
const mostBytes = 64 * 1024;

/**
 * The body of an answer in fewer and larger pieces: to take an event of a stream apart costs little, but each piece that
 * carries one passes through half a dozen streams.
 *
 * G1  The first piece is handed on at once, and so is the last with whatever has gathered, and what broke the answer.
 * G2  What comes between is handed on when the window closes, or when `mostBytes` have gathered.
 * G3  Nothing more is read while the reader has not taken what it was given.
 */
export function gatheredBody(answer: IncomingMessage, window: GatherWindow): ReadableStream<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  let isFirst = true;
  let isOver = false;
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      const handOn = (): void => {
        if (bytes === 0 || isOver) return;
        controller.enqueue(Buffer.concat(pieces, bytes));
        [pieces, bytes] = [[], 0];
        if ((controller.desiredSize ?? 0) <= 0) answer.pause();
      };
      answer.on('data', (piece: Uint8Array) => {
        pieces.push(piece);
        bytes += piece.byteLength;
        if (isFirst || bytes >= mostBytes) handOn();
        else window.pass(handOn);
        isFirst = false;
      });
      const end = (close: () => void): void => {
        handOn();
        if (!isOver) close();
        isOver = true;
      };
      answer.on('end', () => end(() => controller.close()));
      answer.on('error', (error) => end(() => controller.error(error)));
    },
    pull: () => void answer.resume(),
    cancel: () => {
      isOver = true;
      answer.destroy();
    },
  });
}

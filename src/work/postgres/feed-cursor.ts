import { crc32 } from 'node:zlib';
import { SquadraError } from '../../kernel/errors.ts';

/** A place in the feed: behind the record `no` of the transaction `xid`. */
export interface FeedPlace {
  readonly xid: number;
  readonly no: number;
}

/** As text, with a check over it, so that what was cut or made up is found out. */
export function writeCursor({ xid, no }: FeedPlace): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(xid, 0, 6);
  bytes.writeUIntBE(no, 6, 6);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 12), seed), 12);
  return bytes.toString('base64url');
}

/** Throws `INVALID_CURSOR` for anything that `writeCursor` did not make. */
export function readCursor(cursor: string): FeedPlace {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== 16) throw unknownCursor();
  const place = { xid: bytes.readUIntBE(0, 6), no: bytes.readUIntBE(6, 6) };
  if (writeCursor(place) !== cursor) throw unknownCursor();
  return place;
}

export function unknownCursor(): SquadraError {
  return new SquadraError('INVALID_CURSOR', 'The cursor is not one that this state gave.');
}

/** Sets these apart from the checks of other things. */
const seed = 0x53514446;

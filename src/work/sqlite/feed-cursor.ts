import { crc32 } from 'node:zlib';
import { SquadraError } from '../../kernel/errors.ts';

/** A place in the journal as text: the number and a check over it, so that what was cut or made up is found out. */
export function writeCursor(no: number): string {
  const bytes = Buffer.alloc(10);
  bytes.writeUIntBE(no, 0, 6);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 6), seed), 6);
  return bytes.toString('base64url');
}

/** Throws `INVALID_CURSOR` for anything that `writeCursor` did not make. */
export function readCursor(cursor: string): number {
  const bytes = Buffer.from(cursor, 'base64url');
  const no = bytes.length === 10 ? bytes.readUIntBE(0, 6) : -1;
  if (no < 0 || writeCursor(no) !== cursor) throw unknownCursor();
  return no;
}

export function unknownCursor(): SquadraError {
  return new SquadraError('INVALID_CURSOR', 'The cursor is not one that this state gave.');
}

/** Sets these apart from the checks of other things. */
const seed = 0x53514452;

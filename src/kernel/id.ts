import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.ts';
import { SquadraError } from './errors.ts';

/** Gives a new id at each call. */
export type IdSource = () => string;

const randomBytesPerId = 8;
/** Asking the system for randomness costs more per call than per byte: one call serves 512 ids. */
const batchBytes = 512 * randomBytesPerId;
const counterLimit = 0x1000;

/** Hexadecimal text of every byte. */
const hexByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * UUIDv7 ids in lower case: 48 bits of time, 12 of a counter, 62 of chance. Time-ordered keys keep the database's
 * pages hot (random ones cost a factor of four).
 *
 * The ids of one source are strictly increasing as text, also within a millisecond and when the clock goes back:
 * then the last time is kept and the counter goes on; when the counter is used up, the time is moved on by 1 ms.
 */
export function createIds(clock: Clock, random: (bytes: Uint8Array) => void = fillRandom): IdSource {
  const pool = new Uint8Array(batchBytes);
  let used = batchBytes;
  let lastMs = -1;
  let counter = 0;
  let prefix = '';

  const hex = (offset: number): string => hexByte[pool[used + offset] ?? 0] ?? '';

  return () => {
    if (used === batchBytes) {
      random(pool);
      used = 0;
    }
    const now = Math.floor(clock.now());
    if (now > lastMs) {
      lastMs = now;
      counter = 0;
      prefix = timePrefix(now);
    } else if (++counter === counterLimit) {
      lastMs += 1;
      counter = 0;
      prefix = timePrefix(lastMs);
    }
    const variant = hexByte[0x80 | ((pool[used] ?? 0) & 0x3f)] ?? '';
    const sequence = prefix + hexByte[counter >> 8]?.charAt(1) + hexByte[counter & 0xff];
    const id = `${sequence}-${variant}${hex(1)}-${hex(2)}${hex(3)}${hex(4)}${hex(5)}${hex(6)}${hex(7)}`;
    used += randomBytesPerId;
    return id;
  };
}

function fillRandom(bytes: Uint8Array): void {
  randomFillSync(bytes);
}

function timePrefix(ms: number): string {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
}

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether the text has the shape of a UUID, of any version. */
export function isId(text: string): boolean {
  return uuidShape.test(text);
}

/**
 * When an id was made, in milliseconds since the epoch.
 *
 * @throws SquadraError `INVALID_INPUT` when it is not a UUIDv7.
 */
export function idTime(id: string): number {
  if (!isId(id) || id.charAt(14) !== '7') {
    throw new SquadraError('INVALID_INPUT', `'${id.slice(0, 80)}' is not a time-ordered id (UUIDv7); pass an id that Squadra gave out.`);
  }
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

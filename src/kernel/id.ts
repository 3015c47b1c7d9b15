import { randomFillSync } from 'node:crypto';
import type { Clock } from './clock.ts';
import { SquadraError } from './errors.ts';

/** Gives a new id at each call. */
export type IdSource = () => string;

const randomBytesPerId = 8;
/** Asking the system for randomness costs more per call than per byte: one call serves 512 ids. */
const batchBytes = 512 * randomBytesPerId;
/** The counter has 12 bits. */
const counterLimit = 0x1000;

/** The character codes of 0-9a-f. */
const digits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** Where the digits of the time (48 bits), the counter (12 bits) and chance (62 bits) stand in the text. */
const timePlaces = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12];
const counterPlaces = [15, 16, 17];
const chancePlaces = [19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35];

/**
 * UUIDv7 ids in lower case: 48 bits of time, 12 of a counter, 62 of chance. Time-ordered keys keep the database's
 * pages hot (random ones cost a factor of four).
 *
 * The ids of one source are strictly increasing as text, also within a millisecond and when the clock goes back:
 * then the last time is kept and the counter goes on; when the counter is used up, the time is moved on by 1 ms.
 */
export function createIds(clock: Clock, random: (bytes: Uint8Array) => void = fillRandom): IdSource {
  // Written in place and sliced: text put together from pieces is slower to hash and to store.
  const text = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1');
  const pool = new Uint8Array(batchBytes);
  let used = batchBytes;
  let lastMs = -1;
  let counter = 0;

  return () => {
    const now = Math.floor(clock.now());
    if (now > lastMs || ++counter === counterLimit) {
      lastMs = Math.max(now, lastMs + 1);
      counter = 0;
      writeNumber(text, lastMs, timePlaces);
    }
    writeNumber(text, counter, counterPlaces);

    if (used === batchBytes) {
      random(pool);
      used = 0;
    }
    // The variant: the two highest bits of the chance are 10.
    pool[used] = 0x80 | ((pool[used] ?? 0) & 0x3f);
    writeBytes(text, pool, used, chancePlaces);
    used += randomBytesPerId;
    return text.toString('latin1');
  };
}

function writeNumber(text: Uint8Array, value: number, places: readonly number[]): void {
  let rest = value;
  for (let index = places.length - 1; index >= 0; index--) {
    text[places[index] ?? 0] = digits[rest % 16] ?? 0;
    rest = Math.floor(rest / 16);
  }
}

function writeBytes(text: Uint8Array, bytes: Uint8Array, offset: number, places: readonly number[]): void {
  for (let index = 0; index < randomBytesPerId; index++) {
    const byte = bytes[offset + index] ?? 0;
    text[places[2 * index] ?? 0] = digits[byte >> 4] ?? 0;
    text[places[2 * index + 1] ?? 0] = digits[byte & 0xf] ?? 0;
  }
}

function fillRandom(bytes: Uint8Array): void {
  randomFillSync(bytes);
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
    throw new SquadraError(
      'INVALID_INPUT',
      `'${id.slice(0, 80)}' is not a time-ordered id (UUIDv7); pass an id that Squadra gave out.`,
    );
  }
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

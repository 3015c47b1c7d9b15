import { createHash, randomBytes } from 'node:crypto';

/**
 * The text of a key: `sqd_`, eight characters that tell keys apart, `_`, and 43 characters of base 62, which are 256 bits
 * of chance. So much chance needs no slow hash: nobody finds a text by trying, with the hash or without it.
 */
const shape = /^sqd_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/;
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const prefixLength = 8;
const secretLength = 43;
/** What an operator chose as a first key: long enough not to be guessed, short enough to be hashed at every request. */
const chosenBounds = { min: 16, max: 512 } as const;

/** A key that was just made: its text goes to its holder, the rest is stored. */
export interface MadeKey {
  readonly text: string;
  /** `sqd_` and the eight characters. */
  readonly prefix: string;
  /** The SHA-256 of the text, in hex. */
  readonly hash: string;
}

/** Makes a key. */
export function makeKey(random: (length: number) => Uint8Array = randomBytes): MadeKey {
  const prefix = `sqd_${randomDigits(prefixLength, random)}`;
  const text = `${prefix}_${randomDigits(secretLength, random)}`;
  return { text, prefix, hash: hashKey(text) };
}

/** A key whose text an operator chose; null when it is too short, too long, or holds other than printable ASCII. */
export function chosenKey(text: string): MadeKey | null {
  if (!mayBeKey(text)) return null;
  // Of a text of another shape nothing is shown: it may be short.
  const prefix = shape.test(text) ? text.slice(0, 'sqd_'.length + prefixLength) : 'chosen';
  return { text, prefix, hash: hashKey(text) };
}

/** Whether it is worth looking for: the rest of what strangers send is refused unread. */
export function mayBeKey(text: string): boolean {
  return text.length >= chosenBounds.min && text.length <= chosenBounds.max && /^[!-~]+$/.test(text);
}

/** What is stored of a key and looked for: a look-up by hash tells nothing of a text by the time it takes. */
export function hashKey(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Characters of base 62, each as likely as any other: bytes beyond the last multiple of 62 are thrown away. */
function randomDigits(count: number, random: (length: number) => Uint8Array): string {
  let text = '';
  while (text.length < count) {
    for (const byte of random(count)) {
      if (byte < 248 && text.length < count) text += digits.charAt(byte % 62);
    }
  }
  return text;
}

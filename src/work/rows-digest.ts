import { createHash } from 'node:crypto';
import type { Row } from './rows/row.ts';

/** How many rows, and what is in them. */
export interface RowsSum {
  readonly rows: number;
  /** 256 bits in hexadecimal. */
  readonly hash: string;
}

const mask = (1n << 256n) - 1n;

/**
 * The sum of the SHA-256 of each row: the same for the same rows in any order, because two databases need not agree on the order of
 * their texts. Rows are told apart by their keys, so none can stand in for another.
 */
export class RowsDigest {
  #rows = 0;
  #sum = 0n;

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const hash = createHash('sha256').update(JSON.stringify(row)).digest('hex');
      this.#sum = (this.#sum + BigInt(`0x${hash}`)) & mask;
    }
    this.#rows += rows.length;
  }

  sum(): RowsSum {
    return { rows: this.#rows, hash: this.#sum.toString(16).padStart(64, '0') };
  }
}

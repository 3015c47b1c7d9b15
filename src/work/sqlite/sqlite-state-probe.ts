import type { StateProbe } from '../state-probe.ts';
import type { Writer } from './writer.ts';

/** Writes on the writer thread, behind all that waits there. */
export class SqliteStateProbe implements StateProbe {
  readonly #writer: Writer;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  async write(): Promise<void> {
    await this.#writer.run('probe', null);
  }
}

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What a caller was told was accepted, in the words of the story. */
export type Promised = 'submit' | 'submit other' | 'signal' | 'retry' | 'cancel';

/** One line: something was done in the world, or a caller was told that something is accepted. */
type Line = { readonly did: string } | { readonly promised: Promised; readonly id: string };

/**
 * A file beside the state that is synced line by line: what a process did in the world and what it promised, whatever
 * happens to it afterwards.
 */
export class Ledger {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Notes that the body of a step ran. */
  did(key: string): void {
    this.#append({ did: key });
  }

  promise(promised: Promised, id: string): void {
    this.#append({ promised, id });
  }

  /** The id of the execution that a promise is about; null when nothing was promised. */
  promised(promised: Promised): string | null {
    for (const line of this.#lines()) if ('promised' in line && line.promised === promised) return line.id;
    return null;
  }

  /** How often the body of a step ran. */
  timesDone(key: string): number {
    return this.#lines().filter((line) => 'did' in line && line.did === key).length;
  }

  #append(line: Line): void {
    const file = openSync(this.#path, 'a');
    writeSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
    closeSync(file);
  }

  #lines(): Line[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').trim().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  }
}

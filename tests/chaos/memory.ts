import { readLines } from './logs.ts';
import type { AckLine, Offer } from './logs.ts';

/** Offers that are made again after a restart although they were accepted: as clients do that heard no answer. */
const repeated = 10;

/** What the worker's clients remember of its earlier lives. */
export class Memory {
  readonly #signals = new Map<string, number>();
  readonly #offers = new Map<string, Offer>();
  readonly #accepted: string[] = [];
  readonly #open = new Map<string, string>();

  constructor(path: string) {
    for (const line of readLines<AckLine>(path)) this.note(line);
  }

  note(line: AckLine): void {
    if (line.event === 'signalled') {
      const key = `${line.id} ${line.name}`;
      this.#signals.set(key, (this.#signals.get(key) ?? 0) + 1);
    } else if (line.event === 'offered') this.#offers.set(line.key, line);
    else if (line.event === 'accepted') {
      if (line.key !== null) this.#accepted.push(line.key);
      this.#open.set(line.id, line.job);
    } else if (line.event === 'outcome' && line.status !== 'failed') this.#open.delete(line.id);
  }

  /** Ids of executions that were accepted and that nobody saw completed or cancelled, with the names of their jobs. */
  get open(): ReadonlyMap<string, string> {
    return this.#open;
  }

  signalsSent(id: string, name: string): number {
    return this.#signals.get(`${id} ${name}`) ?? 0;
  }

  /** Offers to make (again): all that were not acknowledged, and the last of those that were. */
  offersToMake(): readonly Offer[] {
    const done = new Set(this.#accepted.slice(0, -repeated));
    return [...this.#offers.values()].filter(({ key }) => !done.has(key));
  }
}

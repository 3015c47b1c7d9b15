import { placeOf } from '../compose/outside.ts';
import type { CommandContext } from './cli.ts';
import { stateOptions } from './cli.ts';
/** Ctrl-C and its like: the first asks to stop in order, the second leaves at once. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal: () => void;
  readonly #names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

  /** `leave` ends the process. */
  constructor(leave: () => void = () => process.exit(130)) {
    this.#onSignal = () => {
      if (this.#controller.signal.aborted) leave();
      else this.#controller.abort(new Error('Interrupted.'));
    };
    for (const name of this.#names) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const name of this.#names) process.off(name, this.#onSignal);
  }
}

/** What becomes of the work that somebody has stopped watching. */
export function interruptedText({ options }: CommandContext): string {
  return placeOf(stateOptions(options)).isFleet
    ? 'Interrupted. The fleet goes on with it.'
    : 'Interrupted. The steps in hand are finished first; a second Ctrl-C leaves at once.';
}

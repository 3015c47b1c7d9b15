import type { StepAttempt } from '../../src/workflows/step-api.ts';

/** A body of a step that has begun and waits for the test to end it. */
export interface OpenBody {
  readonly key: string;
  readonly attempt: StepAttempt;
  resolve(value?: unknown): void;
  reject(error: Error): void;
}

/** Bodies of steps that end when the test says so, and a list of all that began. */
export class Bodies {
  /** Keys in the order in which their bodies began. */
  readonly begun: string[] = [];
  readonly #open = new Map<string, OpenBody>();
  readonly #onBegin: (key: string) => void;
  #waiting: { readonly keys: readonly string[]; readonly resolve: () => void }[] = [];

  constructor(onBegin: (key: string) => void = () => {}) {
    this.#onBegin = onBegin;
  }

  /** The body of a step; its value is `<key>!` unless the test gives another. */
  readonly enter = (key: string, attempt: StepAttempt): Promise<unknown> => {
    this.begun.push(key);
    this.#onBegin(key);
    return new Promise((resolve, reject) => {
      const end = (then: () => void): void => {
        this.#open.delete(key);
        then();
      };
      this.#open.set(key, {
        key,
        attempt,
        resolve: (value = `${key}!`) => end(() => resolve(value)),
        reject: (error) => end(() => reject(error)),
      });
      this.#waiting = this.#waiting.filter((waiter) => !this.#areOpen(waiter.keys) || (waiter.resolve(), false));
    });
  };

  /** Resolves when the bodies of all these steps are open. */
  async until(...keys: readonly string[]): Promise<void> {
    if (this.#areOpen(keys)) return;
    await new Promise<void>((resolve) => this.#waiting.push({ keys, resolve }));
  }

  #areOpen(keys: readonly string[]): boolean {
    return keys.every((key) => this.#open.has(key));
  }

  /** A body under its key, as `step.run` takes it. */
  readonly body =
    (key: string) =>
    (attempt: StepAttempt): Promise<unknown> =>
      this.enter(key, attempt);

  find(key: string): OpenBody | undefined {
    return this.#open.get(key);
  }

  get(key: string): OpenBody {
    const open = this.#open.get(key);
    if (open === undefined) throw new Error(`The body of '${key}' is not open; open: ${this.keys.join(', ')}.`);
    return open;
  }

  get keys(): readonly string[] {
    return [...this.#open.keys()];
  }
}

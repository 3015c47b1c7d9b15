import { setTimeout as pause } from 'node:timers/promises';
import type { StepApi, StepAttempt, StepOptions } from '../../../src/index.ts';
import type { EffectLine, LineLog } from '../logs.ts';

/** What the workflows of the mix touch outside of Squadra. */
export interface World {
  readonly effects: LineLog<EffectLine>;
  /** A text that no other attempt of any step gives back. */
  readonly token: () => string;
}

export type StepBody = (attempt: StepAttempt) => void | Promise<void>;

/** Steps whose bodies leave a trace when they begin and end, and whose results leave one when the workflow gets them. */
export class TracedSteps {
  readonly #world: World;
  readonly #id: string;
  readonly #step: StepApi;

  constructor(world: World, id: string, step: StepApi) {
    this.#world = world;
    this.#id = id;
    this.#step = step;
  }

  /** Gives back the token of the attempt whose result was committed. */
  async run(name: string, body: StepBody = () => {}, options?: StepOptions): Promise<string> {
    const { effects, token } = this.#world;
    const id = this.#id;
    const result = await this.#step.run(
      name,
      (attempt) => {
        // `<execution>/<step>`
        const step = attempt.idempotencyKey.slice(id.length + 1);
        effects.write({ event: 'begun', id, step, attempt: attempt.number });
        const end = (): string => {
          effects.write({ event: 'ended', id, step, attempt: attempt.number });
          return `${step}=${token()}`;
        };
        const done = body(attempt);
        return done instanceof Promise ? done.then(end) : end();
      },
      options,
    );
    this.deliver(result.slice(0, result.indexOf('=')), result);
    return result;
  }

  /** Notes that the workflow got a result. */
  deliver(step: string, result: string): void {
    this.#world.effects.write({ event: 'delivered', id: this.#id, step, result });
  }

  scope<T>(name: string, fn: (steps: TracedSteps) => Promise<T>): Promise<T> {
    return this.#step.scope(name, (step) => fn(new TracedSteps(this.#world, this.#id, step)));
  }
}

/** A body that takes a while, differently long each time, and stops when it is told to. */
export function takes(atMostMs: number): StepBody {
  return async ({ signal }) => pause(Math.random() * atMostMs, undefined, { signal });
}

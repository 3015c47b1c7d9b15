import type { Clock, Timer } from '../../kernel/clock.ts';
import type { TopicSet } from './pulse-topic.ts';
import type { Pulses } from './pulses.ts';

/** What somebody asks, and may be told as it was up to a second ago. */
export interface SharedQuestion {
  readonly tenant: string;
  /** Who asks: whose own changes the answer has to know. */
  readonly asker: string;
  /** Names the question among all of its tenant; whoever asks the same is told the same. */
  readonly name: string;
  /** The answer changes only when one of these does. */
  readonly topics: TopicSet;
}

/** An answer, or who is about to give it. */
interface Shared {
  readonly text: Promise<string>;
  readonly topics: TopicSet;
  /** Which of the tenant's askings and changes it is. */
  readonly begun: number;
}

/** What a tenant was told since `timer` was set. */
interface Told {
  readonly answers: Map<string, Shared>;
  /** The last own change of each asker. */
  readonly changes: Map<string, number>;
  readonly timer: Timer;
  /** Askings and changes so far. */
  count: number;
}

/** No answer is older when it is given. */
const keptMs = 1_000;
/** Of a tenant: questions, characters of an answer that is kept, askers whose changes are remembered. */
const [mostAnswers, longestText, mostChanges] = [32, 32_768, 1_000];
/** Of all tenants together: 16 MiB of such texts at most. */
const mostKept = 512;

/**
 * The answers that all pages of a tenant ask for after a pulse, each made once, as the text that is sent.
 *
 * A1  Nobody is given an answer that was begun before the last telling of a topic it depends on: who was told reads what was told of.
 * A2  Nobody is given an answer that was begun before a change of their own was made.
 * A3  Nobody is given an answer of another tenant, nor one that was begun more than a second ago.
 * A4  Only where somebody follows the tenant is anything shared: else nobody would be told of what an answer lacks.
 * A5  A failure is for those who wait for it; the next one asks anew.
 */
export class SharedAnswers {
  readonly #pulses: Pick<Pulses, 'isFollowed'>;
  readonly #clock: Clock;
  readonly #tenants = new Map<string, Told>();
  #size = 0;

  constructor(pulses: Pick<Pulses, 'isFollowed' | 'onTell'>, clock: Clock) {
    this.#pulses = pulses;
    this.#clock = clock;
    pulses.onTell((tenant, topics) => this.#told(tenant, topics));
  }

  /** How many answers are kept or under way. */
  get size(): number {
    return this.#size;
  }

  /** What `answer` gives, or gave somebody of the tenant a moment ago. */
  ask({ tenant, asker, name, topics }: SharedQuestion, answer: () => Promise<string>): Promise<string> {
    if (!this.#pulses.isFollowed(tenant)) return answer();
    const told = this.#tenants.get(tenant) ?? this.#begin(tenant);
    const known = told.answers.get(name);
    if (known !== undefined && known.begun > (told.changes.get(asker) ?? 0)) return known.text;
    const text = answer();
    if (known === undefined && (told.answers.size >= mostAnswers || this.#size >= mostKept)) return text;
    const shared: Shared = { text, topics, begun: ++told.count };
    if (known === undefined) this.#size++;
    told.answers.set(name, shared);
    text.then(
      ({ length }) => length > longestText && this.#drop(tenant, told, name, shared),
      () => this.#drop(tenant, told, name, shared),
    );
    return text;
  }

  /** Notes that an asker has changed something, or may have; call it before they are told so. */
  changed(tenant: string, asker: string): void {
    const told = this.#tenants.get(tenant);
    if (told === undefined) return;
    if (told.changes.size >= mostChanges) this.#forget(tenant, told);
    else told.changes.set(asker, ++told.count);
  }

  #begin(tenant: string): Told {
    const told: Told = {
      answers: new Map(),
      changes: new Map(),
      timer: this.#clock.setTimer(keptMs, () => this.#forget(tenant, told)),
      count: 0,
    };
    this.#tenants.set(tenant, told);
    return told;
  }

  #told(tenant: string, topics: TopicSet): void {
    const told = this.#tenants.get(tenant);
    if (told === undefined) return;
    for (const [name, shared] of told.answers)
      if ((shared.topics & topics) !== 0) this.#drop(tenant, told, name, shared);
  }

  /** Who waits for it is given it all the same. */
  #drop(tenant: string, told: Told, name: string, shared: Shared): void {
    if (told.answers.get(name) !== shared || this.#tenants.get(tenant) !== told) return;
    told.answers.delete(name);
    this.#size--;
    if (told.answers.size === 0) this.#forget(tenant, told);
  }

  #forget(tenant: string, told: Told): void {
    told.timer.cancel();
    if (this.#tenants.get(tenant) !== told) return;
    this.#tenants.delete(tenant);
    this.#size -= told.answers.size;
  }
}

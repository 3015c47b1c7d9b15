import type { Bus } from '../../bus/bus.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { allTopics, topicSet } from './pulse-topic.ts';
import type { TopicSet } from './pulse-topic.ts';

/** Never more often than this. */
const everyMs = 1_000;
/** What comes together is told together. */
const gatherMs = 50;
/** Followers are told in turns, so that what they read does not come at once: so many turns at most, which end before the second does. */
const [turnMs, maxTurns] = [18, 50];

/** A tenant that somebody follows. */
interface Followed {
  readonly followers: Set<Follower>;
  readonly leave: () => void;
  changed: TopicSet;
  toldAt: number;
  timer: Timer | null;
  /** Who is still to be told what, until their turns have come. */
  rest: { readonly followers: readonly Follower[]; readonly changed: TopicSet; readonly timer: Timer } | null;
}

const minuteMs = 60_000;

const executions = topicSet('executions');
const samples = topicSet('system');
const figures = topicSet('metrics');

/**
 * Tells those who look at a tenant's pages what has changed, as topics: they read it again, all of it, so nothing is numbered
 * and nothing has to be told twice.
 *
 * P1  A change in a tenant that nobody follows costs a look into a map; in another, an "or" of two numbers.
 * P2  All who follow a tenant are told the same within a second, once a second at most, and only when something changed.
 * P3  What changed after a follower was told, it is told again: a change is noted after it was committed, so who reads then
 *     finds it.
 * P4  Who does not take what it is told is told later what has gathered; a follower holds one number.
 */
export class Pulses {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #tenants = new Map<string, Followed>();
  #isClosed = false;
  /** Of the sample before, counted from the epoch. */
  #minute = 0;

  constructor(bus: Bus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  /** How many tenants are followed. */
  get size(): number {
    return this.#tenants.size;
  }

  /** Notes that something has changed in a tenant; call it when the change can be read. */
  changed(tenant: string, topics: TopicSet): void {
    const followed = this.#tenants.get(tenant);
    if (followed !== undefined) this.#note(followed, topics);
  }

  /** The same in all tenants. */
  changedForAll(topics: TopicSet): void {
    for (const followed of this.#tenants.values()) this.#note(followed, topics);
  }

  /** A sample of the machine came. With a minute that is over, figures of "the last hour" are others, also where nothing happened. */
  sampled(at: number): void {
    const minute = Math.floor(at / minuteMs);
    this.changedForAll(minute === this.#minute ? samples : samples | figures);
    this.#minute = minute;
  }

  /**
   * What has changed since the time before, with all topics first; goes on until the signal aborts it. Throws
   * `SHUTTING_DOWN` when Squadra is closed.
   */
  async *follow(tenant: string, signal: AbortSignal): AsyncGenerator<TopicSet, void, void> {
    const follower = new Follower(signal);
    const followed = this.#followed(tenant);
    followed.followers.add(follower);
    try {
      for (;;) {
        if (this.#isClosed) throw new SquadraError('SHUTTING_DOWN', 'Squadra was closed; changes are told of later.');
        const changed = follower.take();
        if (changed !== 0) yield changed;
        if (signal.aborted) return;
        await follower.next();
        if (signal.aborted) return;
      }
    } finally {
      follower.close();
      followed.followers.delete(follower);
      if (followed.followers.size === 0) this.#forget(tenant, followed);
    }
  }

  #followed(tenant: string): Followed {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const leave = this.#bus.subscribeTenant(tenant, (event) => {
      if (event.kind === 'committed') this.#note(followed, executions);
      else if (event.kind === 'closed') this.#close();
    });
    const followed: Followed = { followers: new Set(), leave, changed: 0, toldAt: 0, timer: null, rest: null };
    this.#tenants.set(tenant, followed);
    return followed;
  }

  #forget(tenant: string, followed: Followed): void {
    followed.leave();
    followed.timer?.cancel();
    followed.rest?.timer.cancel();
    if (this.#tenants.get(tenant) === followed) this.#tenants.delete(tenant);
  }

  #note(followed: Followed, topics: TopicSet): void {
    followed.changed |= topics;
    if (followed.timer !== null) return;
    const waitMs = Math.max(gatherMs, followed.toldAt + everyMs - this.#clock.now());
    followed.timer = this.#clock.setTimer(Math.min(waitMs, everyMs), () => this.#tell(followed));
  }

  #tell(followed: Followed): void {
    const { changed, followers, rest } = followed;
    followed.timer = null;
    followed.changed = 0;
    followed.toldAt = this.#clock.now();
    // Timers were late: whose turn has not come is told now what it would have been.
    for (const follower of rest?.followers ?? []) follower.hear(rest?.changed ?? 0);
    rest?.timer.cancel();
    this.#tellSome(followed, [...followers], changed, Math.ceil(followers.size / maxTurns));
  }

  #tellSome(followed: Followed, followers: readonly Follower[], changed: TopicSet, atOnce: number): void {
    for (const follower of followers.slice(0, atOnce)) follower.hear(changed);
    const left = followers.slice(atOnce);
    followed.rest =
      left.length === 0
        ? null
        : {
            followers: left,
            changed,
            timer: this.#clock.setTimer(turnMs, () => this.#tellSome(followed, left, changed, atOnce)),
          };
  }

  #close(): void {
    this.#isClosed = true;
    for (const { followers } of this.#tenants.values()) for (const follower of followers) follower.hear(0);
  }
}

/** One who follows: what it was not told yet. */
class Follower {
  readonly #signal: AbortSignal;
  #changed: TopicSet = allTopics;
  #wake: () => void = () => {};
  readonly #onAbort = (): void => this.#wake();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  hear(topics: TopicSet): void {
    this.#changed |= topics;
    this.#wake();
  }

  take(): TopicSet {
    const changed = this.#changed;
    this.#changed = 0;
    return changed;
  }

  /** Resolves when there is something to tell, or nobody wants to hear it any more, or nothing more comes. */
  async next(): Promise<void> {
    if (this.#changed === 0 && !this.#signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

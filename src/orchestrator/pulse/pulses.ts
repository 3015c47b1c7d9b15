import type { Bus } from '../../bus/bus.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { allTopics, topicSet } from './pulse-topic.ts';
import type { TopicSet } from './pulse-topic.ts';

/** Never more often than this. */
const everyMs = 1_000;
/** What comes together is told together. */
const gatherMs = 50;
/**
 * Followers of all tenants are told in turns, so that what they read does not come at once: so many turns at most, which end before
 * the second does.
 */
const [turnMs, maxTurns] = [18, 50];

/** A tenant that somebody follows. */
interface Followed {
  readonly followers: Set<Follower>;
  readonly leave: () => void;
  changed: TopicSet;
  toldAt: number;
  timer: Timer | null;
}

/** Hears what the followers of a tenant are about to be told, before the first of them is. */
export type TellListener = (tenant: string, topics: TopicSet) => void;

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
 * P4  Who does not take what it is told is told later what has gathered; a follower holds two numbers.
 * P5  What is kept of a tenant's answers can be dropped in time: whoever listens hears of topics before any follower does, and of
 *     all of them when a tenant gets its first follower.
 */
export class Pulses {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #tenants = new Map<string, Followed>();
  /** Who is owed something and waits for a turn, first come, first told: those of a tenant stand beside each other. */
  readonly #line = new Set<Follower>();
  #turnTimer: Timer | null = null;
  #turnAt = -Infinity;
  #followers = 0;
  #onTell: TellListener = () => {};
  #isClosed = false;
  /** Of the sample before, counted from the epoch. */
  #minute = 0;

  constructor(bus: Bus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  /** Has one listener hear what is told from now on. */
  onTell(listener: TellListener): void {
    this.#onTell = listener;
  }

  /** Whether somebody follows the tenant. */
  isFollowed(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  /** How many tenants are followed. */
  get size(): number {
    return this.#tenants.size;
  }

  /** Notes that something has changed in a tenant; call it when the change can be read. */
  changed(tenant: string, topics: TopicSet): void {
    const followed = this.#tenants.get(tenant);
    if (followed !== undefined) this.#note(tenant, followed, topics);
  }

  /** The same in all tenants. */
  changedForAll(topics: TopicSet): void {
    for (const [tenant, followed] of this.#tenants) this.#note(tenant, followed, topics);
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
    this.#followers++;
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
      this.#followers--;
      this.#leaveLine(follower);
      if (followed.followers.size === 0) this.#forget(tenant, followed);
    }
  }

  #followed(tenant: string): Followed {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const leave = this.#bus.subscribeTenant(tenant, (event) => {
      if (event.kind === 'committed' || event.kind === 'unsure') this.#note(tenant, followed, executions);
      else if (event.kind === 'closed') this.#close();
    });
    const followed: Followed = { followers: new Set(), leave, changed: 0, toldAt: 0, timer: null };
    this.#tenants.set(tenant, followed);
    // Of what changed until now nobody was told.
    this.#onTell(tenant, allTopics);
    return followed;
  }

  #forget(tenant: string, followed: Followed): void {
    followed.leave();
    followed.timer?.cancel();
    if (this.#tenants.get(tenant) === followed) this.#tenants.delete(tenant);
  }

  #note(tenant: string, followed: Followed, topics: TopicSet): void {
    followed.changed |= topics;
    if (followed.timer !== null) return;
    const waitMs = Math.max(gatherMs, followed.toldAt + everyMs - this.#clock.now());
    followed.timer = this.#clock.setTimer(Math.min(waitMs, everyMs), () => this.#tell(tenant, followed));
  }

  #tell(tenant: string, followed: Followed): void {
    const { changed, followers } = followed;
    followed.timer = null;
    followed.changed = 0;
    followed.toldAt = this.#clock.now();
    this.#onTell(tenant, changed);
    for (const follower of followers) {
      follower.owe(changed);
      this.#line.add(follower);
    }
    if (this.#turnTimer !== null) return;
    const waitMs = Math.min(turnMs, this.#turnAt + turnMs - this.#clock.now());
    if (waitMs <= 0) this.#turn();
    else this.#turnTimer = this.#clock.setTimer(waitMs, () => this.#turn());
  }

  #turn(): void {
    this.#turnTimer = null;
    this.#turnAt = this.#clock.now();
    let places = Math.ceil(this.#followers / maxTurns);
    for (const follower of this.#line) {
      if (places-- === 0) break;
      this.#line.delete(follower);
      follower.hear();
    }
    if (this.#line.size > 0) this.#turnTimer = this.#clock.setTimer(turnMs, () => this.#turn());
  }

  #leaveLine(follower: Follower): void {
    if (!this.#line.delete(follower) || this.#line.size > 0) return;
    this.#turnTimer?.cancel();
    this.#turnTimer = null;
  }

  #close(): void {
    this.#isClosed = true;
    for (const { followers } of this.#tenants.values()) for (const follower of followers) follower.hear();
  }
}

/** One who follows: what it was not told yet. */
class Follower {
  readonly #signal: AbortSignal;
  #changed: TopicSet = allTopics;
  /** What it is told when its turn comes. */
  #owed: TopicSet = 0;
  #wake: () => void = () => {};
  readonly #onAbort = (): void => this.#wake();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  owe(topics: TopicSet): void {
    this.#owed |= topics;
  }

  /** Has it told what it is owed. */
  hear(): void {
    this.#changed |= this.#owed;
    this.#owed = 0;
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

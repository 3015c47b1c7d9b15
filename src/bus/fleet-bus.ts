import type { Clock, Timer } from '../kernel/clock.ts';
import type { Bus, LiveListener, PublishedEvent, TextSoFar } from './bus.ts';
import { Interest } from './interest.ts';
import { Listeners } from './listeners.ts';
import type { News, NewsWire } from './news.ts';
import { Outgoing } from './outgoing.ts';
import type { OutgoingTold } from './outgoing.ts';
import { Reminders } from './reminders.ts';
import { textOf } from './told.ts';
import type { AnnouncedNews, Told } from './told.ts';

export interface BusStatistics {
  /** Executions and tenants that somebody listens to here. */
  readonly listenedTo: number;
  readonly published: number;
  /** Messages for the other processes, and messages of theirs that came. */
  readonly written: number;
  readonly read: number;
  /** Events that the other processes were not told. */
  readonly lost: number;
  /** Whether the way to the others is there, as far as is known. */
  readonly isUp: boolean;
}

/** What is published is gathered for so long, so that it travels together. */
const gatherMs = 25;
/** So long nothing is sent after what could not be. */
const failedPauseMs = 500;
/** Executions of which it is remembered that text was lost. */
const mostOwed = 1_000;
/** Who listens looks into the store when it was told nothing for so long; pages of a tenant, which read more, less often. */
const [quietMs, quietTenantMs] = [2_000, 15_000];
const everyMs = { remind: 1_000, listen: 10_000, doubt: 2_000 };

/**
 * The bus of one process of a fleet, whatever it travels over.
 *
 * B1  What is published here is told here at once, and the others a moment later. Nothing that is published waits for the way there,
 *     fails because of it, or gathers without bound.
 * B2  Text is sent only where another process listens to its execution; who begins to listen asks, and is told what calls in flight
 *     have said so far.
 * B3  What is lost is made up for: who knows of a loss says `unsure` to all that it may concern, and who was told nothing for a
 *     while is told `unsure` in any case, so many at a time.
 */
export abstract class FleetBus implements Bus, NewsWire, AsyncDisposable {
  protected readonly clock: Clock;
  readonly #executions = new Listeners();
  readonly #tenants = new Listeners();
  readonly #news = new Set<(news: News) => void>();
  readonly #quiet = new Reminders(quietMs);
  readonly #quietTenants = new Reminders(quietTenantMs);
  readonly #interest = new Interest();
  readonly #outgoing = new Outgoing();
  #answer: (executionId: string) => readonly TextSoFar[] = () => [];
  #gathering: Timer | null = null;
  #writing: Promise<void> | null = null;
  /** Executions of which text was lost: they are told again what calls have said. */
  readonly #owed = new Set<string>();
  /** When each of these was done last. */
  readonly #done: Record<keyof typeof everyMs, number>;
  #isClosed = false;
  #isUp = true;
  readonly #counts = { published: 0, written: 0, read: 0, lost: 0 };

  protected constructor(clock: Clock) {
    this.clock = clock;
    this.#done = { remind: 0, listen: clock.now(), doubt: clock.now() };
  }

  /** Tells the others; rejects where that is not known to have succeeded. Returns how many messages it took. */
  protected abstract send(outgoing: OutgoingTold): Promise<number>;

  /** Somebody here wants to know more than before. */
  protected abstract wanting(): void;

  protected get isListening(): boolean {
    return this.#executions.size + this.#tenants.size + this.#news.size > 0;
  }

  /** Whether calls of this process said something lately. */
  protected get isSpeaking(): boolean {
    return this.#interest.isSpeaking(this.clock.now());
  }

  publish(event: PublishedEvent): void {
    this.#counts.published += 1;
    const now = this.clock.now();
    const { executionId } = event;
    this.#executions.tell(executionId, event);
    if (this.#executions.has(executionId)) this.#quiet.told(executionId, now);
    if (event.kind === 'committed') {
      this.#tenants.tell(event.tenant, event);
      if (this.#tenants.has(event.tenant)) this.#quietTenants.told(event.tenant, now);
    } else if (this.#speaks(executionId, now)) return;
    this.#send(event);
  }

  subscribe(executionId: string, listener: LiveListener): () => void {
    const leave = this.#executions.add(executionId, listener);
    this.#quiet.told(executionId, this.clock.now());
    this.askSoFar(executionId);
    this.wanting();
    return () => {
      leave();
      if (!this.#executions.has(executionId)) this.#quiet.remove(executionId);
    };
  }

  subscribeTenant(tenant: string, listener: LiveListener): () => void {
    const leave = this.#tenants.add(tenant, listener);
    this.#quietTenants.told(tenant, this.clock.now());
    this.wanting();
    return () => {
      leave();
      if (!this.#tenants.has(tenant)) this.#quietTenants.remove(tenant);
    };
  }

  announce(news: AnnouncedNews): void {
    this.#counts.published += 1;
    if (!this.#outgoing.announce(news)) this.#counts.lost += 1;
    this.#gather();
  }

  onNews(listener: (news: News) => void): () => void {
    this.#news.add(listener);
    this.wanting();
    return () => void this.#news.delete(listener);
  }

  askSoFar(executionId: string): void {
    this.#outgoing.ask(executionId);
    this.#gather();
  }

  answerWith(soFar: (executionId: string) => readonly TextSoFar[]): void {
    this.#answer = soFar;
  }

  statistics(): BusStatistics {
    return { ...this.#counts, listenedTo: this.#executions.size + this.#tenants.size, isUp: this.#isUp };
  }

  close(): void {
    this.#isClosed = true;
    this.#gathering?.cancel();
    this.#gathering = null;
    this.#executions.close();
    this.#tenants.close();
  }

  /** Tells the others what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#writing;
    if (!this.#outgoing.isEmpty) await this.#write();
  }

  /** Takes what another process told. `isOld`: before this one began to hear. */
  protected hear(all: readonly Told[], isOld: boolean): void {
    this.#counts.read += 1;
    for (const told of all) this.#take(told, isOld);
  }

  /** Something of another process did not come, or came while this one did not hear. */
  protected doubt(): void {
    this.#quiet.doubt();
    this.#quietTenants.doubt();
    this.#done.remind = this.#done.listen = 0;
    for (const listener of this.#news) listener({ of: 'unsure' });
  }

  /** What was sent before may not have arrived: the others are told so. */
  protected lost(): void {
    this.#outgoing.lost();
    this.#gather();
  }

  /** To be called a few times a second, as long as whoever is told `unsure` can look into the store. */
  protected remind(): void {
    const now = this.clock.now();
    if (this.#isDue('remind')) {
      for (const executionId of this.#quiet.due(now)) this.#executions.tell(executionId, { kind: 'unsure' });
      for (const tenant of this.#quietTenants.due(now)) this.#tenants.tell(tenant, { kind: 'unsure' });
    }
    if (this.#isDue('listen')) {
      this.#interest.forget(now);
      if (this.#executions.size > 0) this.#outgoing.listens([...this.#executions.keys()]);
      this.#gather();
    }
  }

  /** Nothing comes at present: now and then that is a doubt. */
  protected doubtSometimes(): void {
    if (this.#isDue('doubt')) this.doubt();
  }

  #isDue(what: keyof typeof everyMs): boolean {
    const now = this.clock.now();
    if (this.#done[what] > now - everyMs[what]) return false;
    this.#done[what] = now;
    return true;
  }

  /** Notes that a call says something; true where nobody else wants to hear it. */
  #speaks(executionId: string, now: number): boolean {
    const wasSpeaking = this.#interest.isSpeaking(now);
    this.#interest.spoke(now);
    if (!wasSpeaking) this.wanting();
    return !this.#interest.isWanted(executionId, now);
  }

  #send(event: PublishedEvent): void {
    if (!this.#outgoing.add(event)) {
      this.#counts.lost += 1;
      if (event.kind === 'delta') this.#owe([event.executionId]);
    }
    this.#gather();
  }

  #gather(pauseMs = gatherMs): void {
    if (this.#isClosed || this.#writing !== null || this.#gathering !== null || this.#outgoing.isEmpty) return;
    this.#gathering = this.clock.setTimer(pauseMs, () => {
      this.#gathering = null;
      this.#writing = this.#write().then((isWritten) => {
        this.#writing = null;
        this.#gather(isWritten ? gatherMs : failedPauseMs);
      });
    });
  }

  /** Sends what has gathered; never fails. What could not be sent is lost, and the next message says so. */
  async #write(): Promise<boolean> {
    const outgoing = this.#outgoing.take();
    if (outgoing === null) return true;
    try {
      this.#counts.written += await this.send(outgoing);
      this.#isUp = true;
    } catch {
      this.#isUp = false;
      this.#counts.lost += outgoing.events;
      this.#outgoing.lost();
      this.#owe(outgoing.texts);
      return false;
    }
    const owed = [...this.#owed];
    this.#owed.clear();
    for (const executionId of owed) this.#tellSoFar(executionId);
    return true;
  }

  #owe(executionIds: Iterable<string>): void {
    for (const executionId of executionIds) if (this.#owed.size < mostOwed) this.#owed.add(executionId);
  }

  #tellSoFar(executionId: string): void {
    for (const delta of this.#answer(executionId)) this.#send({ kind: 'delta', executionId, delta });
  }

  #take(told: Told, isOld: boolean): void {
    const now = this.clock.now();
    switch (told[0]) {
      case 'committed':
        for (const executionId of told[2]) this.#tellCommit(told[1], executionId, now);
        return;
      case 'text':
      case 'text-so-far':
        this.#executions.tell(told[1], { kind: 'delta', executionId: told[1], delta: textOf(told) });
        return;
      case 'asks':
      case 'listens':
        for (const executionId of told[1]) {
          const isNew = this.#interest.wants(executionId, now);
          if (!isNew && !isOld && told[0] === 'listens') continue;
          this.#tellSoFar(executionId);
        }
        return;
      case 'news':
        for (const listener of this.#news) listener(told[1]);
        return;
      case 'unsure':
        this.doubt();
        return;
    }
  }

  #tellCommit(tenant: string, executionId: string, now: number): void {
    const event = { kind: 'committed', tenant, executionId } as const;
    if (this.#executions.has(executionId)) this.#quiet.told(executionId, now);
    if (this.#tenants.has(tenant)) this.#quietTenants.told(tenant, now);
    this.#executions.tell(executionId, event);
    this.#tenants.tell(tenant, event);
  }
}

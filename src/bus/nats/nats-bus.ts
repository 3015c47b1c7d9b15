import type { Clock, Timer } from '../../kernel/clock.ts';
import type { LiveListener } from '../bus.ts';
import { FleetBus } from '../fleet-bus.ts';
import type { BusStatistics } from '../fleet-bus.ts';
import type { OutgoingTold } from '../outgoing.ts';
import { readTold } from '../told.ts';
import { messagesOf } from './messages.ts';
import { NatsLink } from './nats-link.ts';
import { natsServers } from './nats-servers.ts';
import { Subjects } from './subjects.ts';

export interface NatsBusParts {
  /** `nats://user:password@host:4222`, one or several of a cluster. */
  readonly urls: readonly string[];
  /** Sets the processes of one database apart from all others on the same NATS. */
  readonly fleet: string;
  readonly clock: Clock;
  /** NATS cannot be reached, and why; or it can again. */
  readonly onChange: (isUp: boolean, problem: unknown) => void;
}

const remindEveryMs = 500;

/**
 * The bus over NATS: a subject for each execution and each tenant, of which a process hears those that somebody follows there. Nothing is
 * kept by it.
 *
 * N1  While NATS is away those who listen look into the store every two seconds, and what is remembered is forgotten as often.
 * N2  When the connection is lost, and when it is back, both sides may have missed something, and are told so.
 */
export class NatsBus extends FleetBus {
  readonly #link: NatsLink;
  readonly #subjects: Subjects;
  readonly #leaves: (() => void)[] = [];
  readonly #followed = new Map<string, { count: number; readonly leave: () => void }>();
  #timer: Timer | null = null;
  #isClosed = false;

  constructor({ urls, fleet, clock, onChange }: NatsBusParts) {
    super(clock);
    this.#subjects = new Subjects(fleet);
    this.#link = new NatsLink({
      servers: natsServers(urls),
      clock,
      onChange: (isUp, problem) => {
        if (this.#isClosed) return;
        onChange(isUp, problem);
        this.doubt();
        this.lost();
      },
      onLoss: () => this.doubt(),
    });
    for (const subject of [this.#subjects.news, this.#subjects.asks])
      this.#leaves.push(this.#link.subscribe(subject, (text) => this.#heard(text)));
    this.#remindLater();
  }

  /** Resolves when it is known whether NATS can be reached. */
  tried(): Promise<void> {
    return this.#link.tried();
  }

  override subscribe(executionId: string, listener: LiveListener): () => void {
    const { commitsOf, textOf } = this.#subjects;
    const leaves = [commitsOf(executionId), textOf(executionId)].map((subject) => this.#follow(subject));
    return all([super.subscribe(executionId, listener), ...leaves]);
  }

  override subscribeTenant(tenant: string, listener: LiveListener): () => void {
    const leave = this.#follow(this.#subjects.commitsOfTenant(tenant));
    return all([super.subscribeTenant(tenant, listener), leave]);
  }

  override statistics(): BusStatistics {
    return { ...super.statistics(), isUp: this.#link.isUp };
  }

  override close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const leave of this.#leaves.splice(0)) leave();
    super.close();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#link[Symbol.asyncDispose]();
  }

  protected override send({ told }: OutgoingTold): Promise<number> {
    const messages = messagesOf(told, this.#subjects, this.#link.maxPayload);
    const sent = messages.filter(({ subject, text }) => this.#link.publish(subject, text)).length;
    if (sent < messages.length || !this.#link.isUp) return Promise.reject(new Error('NATS cannot be reached.'));
    return Promise.resolve(sent);
  }

  /** Whatever is wanted is subscribed to where it is asked for. */
  protected override wanting(): void {}

  /** Hears a subject as long as somebody here wants it. */
  #follow(subject: string): () => void {
    const followed = this.#followed.get(subject) ?? {
      count: 0,
      leave: this.#link.subscribe(subject, (text) => this.#heard(text)),
    };
    followed.count += 1;
    this.#followed.set(subject, followed);
    return () => {
      followed.count -= 1;
      if (followed.count > 0) return;
      this.#followed.delete(subject);
      followed.leave();
    };
  }

  #heard(text: string): void {
    try {
      this.hear(readTold(text), false);
    } catch {
      // Not from a process of ours; and what is thrown here would end the connection.
    }
  }

  #remindLater(): void {
    this.#timer = this.clock.setTimer(remindEveryMs, () => {
      if (!this.#link.isUp) this.doubtSometimes();
      this.remind();
      this.#remindLater();
    });
  }
}

/** One function that calls each of them, once. */
function all(leaves: (() => void)[]): () => void {
  return () => {
    for (const leave of leaves.splice(0)) leave();
  };
}

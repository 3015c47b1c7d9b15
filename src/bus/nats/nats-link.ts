import { connect } from '@nats-io/transport-node';
import type { Msg, NatsConnection, Status, Subscription } from '@nats-io/transport-node';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { NatsServers } from './nats-servers.ts';

export interface NatsLinkParts {
  readonly servers: NatsServers;
  readonly clock: Clock;
  /** The link came up, or went down; something may have been lost either way. `problem` is what the last attempt met. */
  readonly onChange: (isUp: boolean, problem: unknown) => void;
  /** Something that came was not taken in time, or a subscription was refused. */
  readonly onLoss: () => void;
}

type Hear = (text: string) => void;

const connectTimeoutMs = 5_000;
/** A connection over which nothing comes back for so long is taken for broken. */
const [pingMs, pingsUnanswered] = [2_000, 2];
/** Between two attempts, the longer the more have failed. */
const [firstPauseMs, longestPauseMs] = [500, 10_000];
/** So many messages wait for us at most before some count as lost. */
const slowMessages = 10_000;

/** A connection to NATS that comes back by itself. What it was told to hear it hears again. */
export class NatsLink implements AsyncDisposable {
  readonly #parts: NatsLinkParts;
  readonly #heard = new Map<string, { readonly hear: Hear; subscription: Subscription | null }>();
  #connection: NatsConnection | null = null;
  #isUp = false;
  #failures = 0;
  #retry: Timer | null = null;
  #attempt: Promise<void>;
  #isClosed = false;
  #problem: unknown = null;
  #reconnects = 0;

  constructor(parts: NatsLinkParts) {
    this.#parts = parts;
    this.#attempt = this.#open();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** How often it was lost and found again. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** Bytes of one message at most. */
  get maxPayload(): number {
    return this.#connection?.info?.max_payload ?? 0;
  }

  /** Resolves when the first attempt to connect has succeeded or failed. */
  async tried(): Promise<void> {
    await this.#attempt;
  }

  /** False where it could not be sent; then nobody hears it. */
  publish(subject: string, text: string): boolean {
    if (!this.#isUp || this.#connection === null || Buffer.byteLength(text) > this.maxPayload) return false;
    try {
      this.#connection.publish(subject, text);
      return true;
    } catch {
      return false;
    }
  }

  /** Hears what others publish under a subject, until the returned function is called. A subject has one who hears it. */
  subscribe(subject: string, hear: Hear): () => void {
    const entry = { hear, subscription: this.#subscribe(subject, hear) };
    this.#heard.set(subject, entry);
    return () => {
      if (this.#heard.get(subject) === entry) this.#heard.delete(subject);
      entry.subscription?.unsubscribe();
    };
  }

  /** Sends what was published, and lets go. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#retry?.cancel();
    await this.#attempt;
    if (this.#isUp) await this.#connection?.flush().catch(() => {});
    this.#isUp = false;
    await this.#connection?.close();
  }

  #subscribe(subject: string, hear: Hear): Subscription | null {
    const { onLoss } = this.#parts;
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null) hear(message.string());
      else onLoss();
    };
    return this.#connection?.subscribe(subject, { callback, slow: slowMessages }) ?? null;
  }

  async #open(): Promise<void> {
    const { servers } = this.#parts;
    try {
      const connection = await connect({
        ...servers,
        name: 'squadra',
        timeout: connectTimeoutMs,
        maxReconnectAttempts: -1,
        reconnectTimeWait: firstPauseMs,
        reconnectJitter: firstPauseMs,
        pingInterval: pingMs,
        maxPingOut: pingsUnanswered,
        ignoreAuthErrorAbort: true,
        noEcho: true,
        noAsyncTraces: true,
      });
      if (this.#isClosed) return await connection.close();
      this.#connection = connection;
      this.#failures = 0;
      for (const [subject, entry] of this.#heard) entry.subscription = this.#subscribe(subject, entry.hear);
      void this.#follow(connection);
      this.#change(true);
    } catch (error) {
      this.#problem = error;
      this.#failures += 1;
      if (this.#failures === 1) this.#parts.onChange(false, error);
      this.#openIn(Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures));
    }
  }

  #openIn(pauseMs: number): void {
    if (this.#isClosed) return;
    this.#retry = this.#parts.clock.setTimer(pauseMs, () => {
      this.#attempt = this.#open();
    });
  }

  /** Until it is closed: by us, or by the library, which is not expected; then another one is opened. */
  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.#take(status);
    if (this.#isClosed || this.#connection !== connection) return;
    this.#connection = null;
    this.#change(false);
    this.#openIn(firstPauseMs);
  }

  #take(status: Status): void {
    if (status.type === 'disconnect') this.#change(false);
    else if (status.type === 'reconnect') {
      this.#reconnects += 1;
      this.#change(true);
    } else if (status.type === 'slowConsumer') this.#parts.onLoss();
    else if (status.type === 'error') {
      this.#problem = status.error;
      this.#parts.onLoss();
    }
  }

  #change(isUp: boolean): void {
    if (this.#isUp === isUp || this.#isClosed) return;
    this.#isUp = isUp;
    if (isUp) this.#problem = null;
    this.#parts.onChange(isUp, this.#problem);
  }
}

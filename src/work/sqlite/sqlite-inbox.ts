import type { Clock, Timer } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { toFailure } from '../../kernel/failure.ts';
import type { Inbox, InboxCommand, InboxReply } from '../inbox.ts';
import { InboxFile } from './inbox-file.ts';

/** How often a sender looks for its reply: below what a person notices. */
const replyPollMs = 25;
/** How often the owner looks for commands: 250 ms are promised. Looking costs some microseconds. */
const commandPollMs = 100;
/** A busy file is tried again after this. */
const retryMs = 10;
/** Replies are kept for senders that are slow or send the same command again. */
const keepMs = 10 * 60_000;

/**
 * Commands from other processes, in an SQLite file of its own beside the state.
 *
 * I1  A command is a row until its reply has been kept for a while; its id makes it one row however often it is sent.
 * I2  The owner takes rows without a reply, oldest first, one at a time: also those that an owner before it had begun.
 *     So a command is applied at least once, and whoever applies it makes the second time harmless.
 * I3  A sender that gives up takes its command back, unless an owner has begun it.
 */
export class SqliteInbox implements Inbox {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;

  /** `onFailure` hears why the file could not be read or written; the service tries again. */
  constructor(path: string, clock: Clock, onFailure: (error: unknown) => void = () => {}) {
    this.#path = path;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  async send(command: InboxCommand, timeoutMs: number): Promise<InboxReply> {
    using file = new InboxFile(this.#path);
    const deadline = this.#clock.now() + timeoutMs;
    while (file.leave(command, this.#clock.now()) === null) {
      if (this.#clock.now() >= deadline) throw notTaken(command);
      await this.#pause(retryMs);
    }
    for (;;) {
      const reply = file.reply(command.id);
      if (reply !== null) return reply;
      if (this.#clock.now() >= deadline) break;
      await this.#pause(replyPollMs);
    }
    let withdrawn = file.withdraw(command.id);
    for (; withdrawn === null; withdrawn = file.withdraw(command.id)) await this.#pause(retryMs);
    const reply = withdrawn ? null : file.reply(command.id);
    if (reply !== null) return reply;
    throw withdrawn ? notTaken(command) : notAnswered(command);
  }

  serve(take: (command: InboxCommand) => Promise<InboxReply>): AsyncDisposable {
    return new InboxService(new InboxFile(this.#path), this.#clock, take, this.#onFailure);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.setTimer(ms, resolve));
  }
}

/** The owner's side: looks whether anything has changed, and if so works through what waits. */
class InboxService implements AsyncDisposable {
  readonly #file: InboxFile;
  readonly #clock: Clock;
  readonly #take: (command: InboxCommand) => Promise<InboxReply>;
  readonly #onFailure: (error: unknown) => void;
  #timer: Timer;
  #working: Promise<void> = Promise.resolve();
  #seen: number | null = null;
  #isOpen = true;

  constructor(
    file: InboxFile,
    clock: Clock,
    take: (command: InboxCommand) => Promise<InboxReply>,
    onFailure: (error: unknown) => void,
  ) {
    this.#onFailure = onFailure;
    this.#file = file;
    this.#clock = clock;
    this.#take = take;
    // The first look is for what waited while nobody owned the state.
    this.#timer = clock.setTimer(0, () => this.#look());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    this.#timer.cancel();
    await this.#working;
    this.#file[Symbol.dispose]();
  }

  #look(): void {
    this.#working = this.#work().finally(() => {
      if (this.#isOpen) this.#timer = this.#clock.setTimer(commandPollMs, () => this.#look());
    });
  }

  async #work(): Promise<void> {
    try {
      const version = this.#file.dataVersion();
      if (version === this.#seen) return;
      this.#file.forget(this.#clock.now() - keepMs);
      for (let command = this.#file.oldest(); command !== null && this.#isOpen; command = this.#file.oldest()) {
        await this.#apply(command);
      }
      // What was written meanwhile has moved the version on.
      this.#seen = version;
    } catch (error) {
      // The next look tries again; a sender is told when its time is up.
      this.#seen = null;
      this.#onFailure(error);
    }
  }

  async #apply(command: InboxCommand): Promise<void> {
    if ((await this.#until(() => this.#file.begin(command.id))) !== true) return;
    let reply: InboxReply;
    try {
      reply = await this.#take(command);
    } catch (error) {
      reply = { ok: false, error: toFailure(error) };
    }
    await this.#until(() => this.#file.answer(command.id, reply, this.#clock.now()));
  }

  /** Repeats what a busy file refused, until the service is closed. */
  async #until<T>(write: () => T | null): Promise<T | null> {
    for (;;) {
      const done = write();
      if (done !== null || !this.#isOpen) return done;
      await new Promise<void>((resolve) => this.#clock.setTimer(retryMs, resolve));
    }
  }
}

function notTaken({ name, id }: InboxCommand): SquadraError {
  const message = `Nobody took the command '${name}': the process that runs this state is stopping or has stopped. It was taken back.`;
  return new SquadraError('SHUTTING_DOWN', message, { details: { commandId: id, begun: false } });
}

function notAnswered({ name, id }: InboxCommand): SquadraError {
  const message = `The command '${name}' was taken but not answered yet; it may still take effect.`;
  return new SquadraError('SHUTTING_DOWN', message, { details: { commandId: id, begun: true } });
}

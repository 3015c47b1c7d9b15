import { setTimeout as pause } from 'node:timers/promises';
import { SquadraError } from '../../src/index.ts';
import type { ErrorCode, Run, Squadra } from '../../src/index.ts';
import type { AckLine, LineLog, Offer } from './logs.ts';
import type { Memory } from './memory.ts';
import type { Job } from './mix/job.ts';
import type { Mix } from './mix/mix.ts';
import { neverChosen } from './mix/waiting.ts';

/** What a client may be told when it comes too late. */
const late: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ALREADY_ENDED', 'ALREADY_ANSWERED']);
const openStatuses = ['created', 'queued', 'running', 'waiting'] as const;

export interface LifeKeeperParts {
  readonly squadra: Squadra;
  readonly mix: Mix;
  readonly acks: LineLog<AckLine>;
  readonly memory: Memory;
  readonly random: () => number;
  /** Told apart from other lives in idempotency keys. */
  readonly life: number;
}

/** The clients of one life of the worker: they submit, signal, approve, cancel, retry, and write down what was acknowledged. */
export class LifeKeeper {
  readonly #parts: LifeKeeperParts;
  readonly #kept = new Set<string>();
  readonly #asked = new Set<string>();
  #offers = 0;
  #isOver = false;
  /** When an execution last ended, or the life began: epoch milliseconds. */
  lastEndAt = Date.now();

  constructor(parts: LifeKeeperParts) {
    this.#parts = parts;
  }

  /** Executions that are being looked after. */
  get open(): number {
    return this.#kept.size;
  }

  /** What fails from now on fails because Squadra is being closed. */
  stop(): void {
    this.#isOver = true;
  }

  /** Takes up what earlier lives left open. */
  async takeUp(): Promise<void> {
    const { memory } = this.#parts;
    await Promise.all([
      ...[...memory.open].map(([id, job]) => this.#try('take up', () => this.#takeUpOne(id, job))),
      ...memory.offersToMake().map((offer) => this.#try('submit again', () => this.#submit(offer, false))),
      this.#try('look for more', () => this.takeUpUnacknowledged()),
    ]);
  }

  /** Executions whose acceptance nobody heard of. While they run they change places, so one look may miss some. */
  async takeUpUnacknowledged(): Promise<void> {
    const { squadra } = this.#parts;
    for (const status of openStatuses) {
      const { items } = await squadra.list({ status, limit: 200 });
      for (const { id, workflow } of items) await this.#takeUpOne(id, workflow);
    }
  }

  async #takeUpOne(id: string, name: string): Promise<void> {
    const { squadra, mix } = this.#parts;
    const run = squadra.run(id);
    const job = mix.find(name);
    if (this.#kept.has(id) || ((await run.get()).status === 'failed' && job.isRetried !== true)) return;
    this.#keep(job, run);
  }

  /** Submits one more execution, half of them with an idempotency key. */
  async submitAnother(): Promise<void> {
    const { mix, random, life } = this.#parts;
    const job = mix.pick(random);
    const offer = { job: job.workflow.name, input: job.input(random), key: `${life}-${++this.#offers}` };
    await this.#try('submit', () => this.#submit(offer, random() < 0.5));
  }

  /** Answers what people are asked, until the life is over. */
  async answerApprovals(): Promise<void> {
    const { squadra, random } = this.#parts;
    while (!this.#isOver) {
      await this.#try('list approvals', async () => {
        const { items } = await squadra.approvals.list({ status: 'pending', limit: 200 });
        for (const { id, executionId, choices } of items) {
          const choice = choices[Math.floor(random() * choices.length)];
          if (choice === undefined || choice === neverChosen || this.#asked.has(id)) continue;
          this.#asked.add(id);
          void this.#try('approve', async () => {
            // The verdict tells by its payload which answer a wait took.
            await squadra.approvals.answer(id, { choice, by: 'chaos', comment: id });
            this.#ack({ event: 'approved', id: executionId, approval: id, choice });
          });
        }
      });
      await pause(20);
    }
  }

  async #submit({ job: name, input, key }: Offer, isAnonymous: boolean): Promise<void> {
    const { squadra, mix } = this.#parts;
    const job = mix.find(name);
    const request = { input, ...job.request };
    if (!isAnonymous) this.#ack({ event: 'offered', job: name, input, key });
    const run = await squadra.submit(name, isAnonymous ? request : { ...request, idempotencyKey: key });
    this.#ack({ event: 'accepted', id: run.id, job: name, key: isAnonymous ? null : key, end: job.end });
    this.#keep(job, run);
  }

  #keep(job: Job, run: Run): void {
    if (this.#kept.has(run.id)) return;
    this.#kept.add(run.id);
    const { random, memory } = this.#parts;
    const keeper = {
      random,
      ack: (line: AckLine) => this.#ack(line),
      signalsSent: (id: string, name: string) => memory.signalsSent(id, name),
    };
    if (job.care !== undefined) void this.#try(`care for ${job.workflow.name}`, async () => job.care?.(run, keeper));
    void this.#try('follow', () => this.#follow(job, run)).then(() => {
      this.#kept.delete(run.id);
      this.lastEndAt = Date.now();
    });
  }

  async #follow(job: Job, run: Run): Promise<void> {
    for (;;) {
      const outcome = await run.result();
      const output = outcome.status === 'completed' ? JSON.stringify(outcome.output) : null;
      this.#ack({ event: 'outcome', id: run.id, status: outcome.status, output });
      if (outcome.status !== 'failed' || job.isRetried !== true) return;
      await run.retry();
      this.#ack({ event: 'retried', id: run.id });
    }
  }

  #ack(line: AckLine): void {
    this.#parts.acks.write(line);
    this.#parts.memory.note(line);
  }

  async #try(doing: string, what: () => Promise<void>): Promise<void> {
    try {
      await what();
    } catch (error) {
      if (this.#isOver || (error instanceof SquadraError && late.has(error.code))) return;
      this.#parts.acks.write({
        event: 'surprise',
        doing,
        error: error instanceof Error ? String(error.stack) : String(error),
      });
    }
  }
}

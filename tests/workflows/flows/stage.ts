import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openSquadraIn } from '../../../src/compose.ts';
import type { JournalRecord, MemberInput, Outcome, Squadra } from '../../../src/index.ts';
import { wrapSessions } from '../../support/wrap-sessions.ts';
import { fakeProvider, wholeAnswer } from '../../agents/fake-model.ts';

/** A call as the model sees it. */
export interface StageCall {
  /** The name of the ask: `plan`, `task-2`. */
  readonly ask: string;
  /** 1 for the first call of an ask. */
  readonly turn: number;
  readonly member: string;
  readonly message: string;
  /** Of the answer, where it has to be an object. */
  readonly schema: unknown;
}

/** What the model answers; objects are given as JSON. */
export type StageScript = (call: StageCall) => unknown;

/** A squad that answers by a script, on a state folder of its own that can be left and opened again. */
export class Stage {
  /** Every call made, in order. */
  readonly calls: StageCall[] = [];
  /** Keys of the steps whose results were committed, in that order. */
  readonly completed: string[] = [];
  /** Of the runs since it was last opened. */
  commits = 0;
  readonly #script: StageScript;
  readonly #members: readonly MemberInput[];
  readonly #folder: string;

  constructor(members: readonly (string | MemberInput)[], script: StageScript) {
    this.#members = members.map((member) => ({
      ...(typeof member === 'string' ? { role: member } : member),
      provider: 'stage',
    }));
    this.#script = script;
    this.#folder = mkdtempSync(join(tmpdir(), 'squadra-flow-'));
    onTestFinished(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** `dieAfter`: the commit of a run after which the process hears and does nothing more; `onDeath` tells when. */
  open({ dieAfter = Infinity, onDeath = () => {} }: StageLife = {}): Promise<Squadra> {
    this.commits = 0;
    return openSquadraIn(
      {
        stateDir: this.#folder,
        settings: { shutdownGrace: 0, logLevel: 'error' },
        squads: [{ name: 'us', members: this.#members }],
        models: { stage: fakeProvider((options) => this.#answer(options)) },
      },
      {
        // No pauses between attempts.
        random: () => 0,
        decorate: (executions) =>
          wrapSessions(executions, (session) => ({
            epoch: session.epoch,
            get isUnsure() {
              return session.isUnsure;
            },
            signals: () => session.signals(),
            commit: async (commit) => {
              if (this.commits >= dieAfter) return new Promise(() => {});
              const isLast = ++this.commits === dieAfter;
              const committed = await session.commit(commit);
              this.completed.push(...completedIn(commit.records));
              if (!isLast) return committed;
              onDeath();
              return new Promise(() => {});
            },
          })),
      },
    );
  }

  /** Runs a flow from its submission to its end. */
  async play(flow: string, input: object): Promise<Outcome<unknown>> {
    await using squadra = await this.open();
    const run = await squadra.submit<unknown, unknown>(flow, { squad: 'us', input });
    return await run.result();
  }

  /** The message of an ask. */
  messageOf(ask: string): string {
    return this.calls.find((call) => call.ask === ask)?.message ?? '';
  }

  get asks(): readonly string[] {
    return this.calls.map(({ ask }) => ask);
  }

  async #answer(options: LanguageModelV4CallOptions) {
    const call = readCall(options);
    this.calls.push(call);
    const answer = await this.#script(call);
    return ReadableStream.from(wholeAnswer(typeof answer === 'string' ? answer : JSON.stringify(answer)));
  }
}

interface StageLife {
  readonly dieAfter?: number;
  readonly onDeath?: () => void;
}

function completedIn(records: readonly JournalRecord[]): readonly string[] {
  return records.flatMap((record) => (record.kind === 'step' && record.phase === 'completed' ? [record.key] : []));
}

function readCall({ prompt, headers, responseFormat }: LanguageModelV4CallOptions): StageCall {
  const [, ask = '', , turn = ''] = (headers?.['Idempotency-Key'] ?? '').split('/');
  const texts = prompt.map(({ content }) =>
    typeof content === 'string' ? content : content.map((part) => ('text' in part ? part.text : '')).join('\n'),
  );
  return {
    ask,
    turn: Number(turn),
    member: /^Name: (?<name>.+)$/m.exec(texts[0] ?? '')?.groups?.name ?? '',
    message: texts[1] ?? '',
    schema: responseFormat?.type === 'json' ? responseFormat.schema : null,
  };
}

/** Lets calls be answered in an order of the test's choice, however they were made. */
export class Turns {
  readonly #order: readonly string[];
  readonly #waiting = new Map<string, () => void>();
  #next = 0;

  constructor(order: readonly string[]) {
    this.#order = order;
  }

  /** Resolves when all asks before this one in the order have been answered; at once for one that is not in it. */
  async of(ask: string): Promise<void> {
    const place = this.#order.indexOf(ask);
    if (place < 0) return;
    if (place > this.#next) await new Promise<void>((resolve) => this.#waiting.set(ask, resolve));
    this.#next = place + 1;
    // The next one is let go when this answer is on its way.
    setImmediate(() => this.#waiting.get(this.#order[this.#next] ?? '')?.());
  }
}

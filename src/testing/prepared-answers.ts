import type { Run } from '../orchestrator/run-handle.ts';
import type { ApprovalRequest } from '../work/approval-store.ts';
import type { StepRecord } from '../work/journal.ts';

/** How a test answers an approval: a choice, a text where none of the choices is meant, or all of it. */
export type PreparedAnswer =
  | string
  | { readonly choice: string; readonly text?: string; readonly comment?: string; readonly by?: string };

/** What is asked, as the answering function of a test gets it. */
export interface AskedApproval extends ApprovalRequest {
  readonly stepKey: string;
}

export interface PreparedAnswersOptions {
  /** Payloads by the name of the signal; each wait takes the next one. */
  readonly signals: Readonly<Record<string, readonly unknown[]>>;
  /** By the name of the step, or of the call it is about; a function decides each time, undefined leaves it open. */
  readonly approvals: Readonly<Record<string, PreparedAnswer>> | ((asked: AskedApproval) => PreparedAnswer | undefined);
}

/** A wait of the execution that is open. */
type OpenWait =
  | { readonly kind: 'signal'; readonly name: string; isGiven: boolean }
  | { readonly kind: 'approval'; readonly asked: AskedApproval; isGiven: boolean };

/** Knows what an execution waits for, and gives it what the test has prepared. */
export class PreparedAnswers {
  readonly #signals: ReadonlyMap<string, unknown[]>;
  readonly #approvals: PreparedAnswersOptions['approvals'];
  readonly #open = new Map<string, OpenWait>();

  constructor({ signals, approvals }: PreparedAnswersOptions) {
    this.#signals = new Map(Object.entries(signals).map(([name, payloads]) => [name, [...payloads]]));
    this.#approvals = approvals;
  }

  /** Something it waits for was given, so it goes on without the time. */
  get areUnderWay(): boolean {
    return [...this.#open.values()].some(({ isGiven }) => isGiven);
  }

  /** What nothing was prepared for, for the message of a test that waits for ever. */
  get open(): readonly string[] {
    return [...this.#open].map(([key, wait]) =>
      wait.kind === 'signal'
        ? `signal '${wait.name}' (step '${key}')`
        : `approval '${key}' (${wait.asked.title}; choices: ${wait.asked.choices.join(', ')})`,
    );
  }

  /** Takes notice of a record of the journal. */
  note(record: StepRecord): void {
    const { key, phase, type, details } = record;
    if (phase !== 'waiting') this.#open.delete(key);
    else if (type === 'wait' && details !== null) {
      // Written by the step as `{ signal }`.
      const { signal } = JSON.parse(details) as { readonly signal: string };
      this.#open.set(key, { kind: 'signal', name: signal, isGiven: false });
    } else if (type === 'approval' && details !== null) {
      // Written by the step from an ApprovalRequest.
      const request = JSON.parse(details) as ApprovalRequest;
      this.#open.set(key, { kind: 'approval', asked: { ...request, stepKey: key }, isGiven: false });
    }
  }

  /** Gives what is prepared for waits that are open. */
  async give(run: Run): Promise<void> {
    for (const [key, wait] of this.#open) {
      if (wait.isGiven) continue;
      if (wait.kind === 'signal') {
        const payloads = this.#signals.get(wait.name) ?? [];
        if (payloads.length === 0) continue;
        await run.signal(wait.name, payloads[0]);
        payloads.shift();
        wait.isGiven = true;
      } else {
        const answer = this.#answerTo(wait.asked);
        if (answer === undefined) continue;
        await run.approve(key, inFull(answer, wait.asked));
        wait.isGiven = true;
      }
    }
  }

  #answerTo(asked: AskedApproval): PreparedAnswer | undefined {
    if (typeof this.#approvals === 'function') return this.#approvals(asked);
    const key = `/${asked.stepKey}/`;
    return Object.entries(this.#approvals).find(([name]) => key.includes(`/${name}/`))?.[1];
  }
}

function inFull(answer: PreparedAnswer, { choices }: ApprovalRequest): Exclude<PreparedAnswer, string> {
  if (typeof answer !== 'string') return answer;
  const [first = answer] = choices;
  return choices.includes(answer) ? { choice: answer } : { choice: first, text: answer };
}

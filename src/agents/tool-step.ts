import type { Settings } from '../config/settings.ts';
import type { SquadraError } from '../kernel/errors.ts';
import type { AskRequest, JournaledCall } from '../workflows/asker.ts';
import { depthRefusal } from './ask-limits.ts';
import { memberQuestion } from './ask-member.ts';
import { question } from './ask-person.ts';
import { toolCallSpan } from './call-spans.ts';
import type { ToolResult } from './conversation.ts';
import type { PlannedCall } from './planned-call.ts';
import { type RunHandling, ToolAttempts, type ToolAttemptParts } from './tool-attempt.ts';
import { cutText } from './tool-result.ts';
import { readResult } from './turn-record.ts';

/** What tool calls need from their surroundings. */
export interface ToolStepParts extends ToolAttemptParts {
  readonly settings: ToolAttemptParts['settings'] & Pick<Settings, 'maxDelegationDepth'>;
}

/** A call of an answer: the second one of turn 3 is `tool/3.2`. */
export interface ToolTurn {
  readonly request: AskRequest;
  readonly name: string;
  readonly call: PlannedCall;
  /** The error with which the ask ends here, for a call that is one too many. */
  readonly refusal: SquadraError | null;
  readonly begin: NonNullable<JournaledCall['begin']>;
}

/** What a person sees of arguments; the whole lies in the journal. */
const maxShownBytes = 8 * 1024;

/** Makes one tool call as one journaled step. Whatever comes of it is told to the model; only limits fail the ask. */
export class ToolStep {
  readonly #parts: ToolStepParts;
  readonly #attempts: ToolAttempts;

  constructor(parts: ToolStepParts) {
    this.#parts = parts;
    this.#attempts = new ToolAttempts(parts);
  }

  take(turn: ToolTurn): Promise<ToolResult> {
    const { handling } = turn.call;
    if (turn.refusal !== null) return this.#fail(turn, turn.refusal);
    switch (handling.do) {
      case 'refuse':
        return this.#tell(turn, { text: handling.problem, isError: true });
      case 'ask-person':
        return this.#askPerson(turn);
      case 'ask-member':
        return this.#askMember(turn, handling.memberId);
      case 'run':
        return this.#runWhenApproved(turn, handling);
    }
  }

  /** Nothing outside is touched, so nothing is committed before. */
  async #tell(turn: ToolTurn, result: ToolResult): Promise<ToolResult> {
    return this.#record(turn, {
      intent: false,
      timeoutMs: 60_000,
      make: async () => this.#attempts.resultOf(turn, result),
    });
  }

  async #fail(turn: ToolTurn, error: SquadraError): Promise<ToolResult> {
    return this.#record(turn, { intent: false, timeoutMs: 60_000, make: () => Promise.reject(error) });
  }

  async #record(
    { request, name, call, begin }: ToolTurn,
    how: Pick<JournaledCall, 'intent' | 'timeoutMs' | 'make' | 'lost'>,
  ): Promise<ToolResult> {
    const recorded = await request.call({
      name,
      type: 'tool',
      input: { tool: call.name, input: call.input },
      details: { tool: call.name },
      describe: () => toolCallSpan(call),
      begin,
      failed: (reason) => ({ change: 'fail', id: request.itemId, reason }),
      ...how,
    });
    return readResult(recorded);
  }

  async #askPerson(turn: ToolTurn): Promise<ToolResult> {
    const { request, name, call } = turn;
    const { question: details, choices } = question.parse(JSON.parse(call.input));
    const answer = await request.approve(`${name}/question`, {
      title: `${request.member.name} asks`,
      details,
      choices: choices ?? ['answer', 'decline'],
    });
    if (!('choice' in answer)) return this.#tell(turn, { text: 'Nobody answered.', isError: true });
    const words = [answer.text, answer.comment].filter((part) => part !== undefined && part !== '').join('\n\n');
    const chosen = choices === undefined && answer.choice === 'answer' ? [] : [`The person chose: ${answer.choice}.`];
    const text = [...chosen, ...(words === '' ? [] : [words])].join('\n\n').toWellFormed();
    return this.#tell(turn, { text: text === '' ? 'The person answered without words.' : text, isError: false });
  }

  /** The colleague's own calls are the record of it. */
  async #askMember(turn: ToolTurn, memberId: string): Promise<ToolResult> {
    const { request, name, call } = turn;
    const colleague = request.colleagues.find(({ id }) => id === memberId);
    const refusal = depthRefusal(request, this.#parts.settings);
    if (refusal !== null) return this.#fail(turn, refusal);
    if (colleague === undefined) return this.#tell(turn, { text: 'The colleague has left the squad.', isError: true });
    const { message } = memberQuestion.parse(JSON.parse(call.input));
    const answer = await request.ask(colleague, name, message);
    const { maxToolResultBytes } = this.#parts.settings;
    const text = cutText(answer.text, maxToolResultBytes);
    const note = text.length === answer.text.length ? '' : '\n\n[The answer goes on; this is the beginning.]';
    return { text: `${text}${note}`, isError: false };
  }

  async #runWhenApproved(turn: ToolTurn, handling: RunHandling): Promise<ToolResult> {
    const { request, name, call } = turn;
    if (handling.needsApproval) {
      const answer = await request.approve(`${name}/approval`, {
        title: `${request.member.name} wants to call ${call.name}`,
        details: shownInput(call),
      });
      if (!('choice' in answer) || answer.choice !== 'approve') {
        const why = 'comment' in answer && answer.comment !== undefined ? ` They said: ${answer.comment}` : '';
        return this.#tell(turn, {
          text: `A person refused this call; it was not made.${why}`.toWellFormed(),
          isError: true,
        });
      }
    }
    return this.#record(turn, {
      // The call has a limit of its own, and tells the model when it is reached.
      timeoutMs: 2 * handling.timeoutMs,
      lost: {
        policy: handling.inDoubt,
        question: {
          title: `${call.name} was interrupted, and whether it took effect is not known`,
          details: `${request.member.name} called it with:\n\n${shownInput(call)}\n\nretry: make the call again. skip: go on, and tell ${request.member.name} that the outcome is unknown. fail: end the ask.`,
        },
        skipped: () => this.#attempts.resultOf(turn, { text: skippedText, isError: true }),
      },
      make: (attempt) => this.#attempts.make(turn, handling, attempt),
    });
  }
}

const skippedText =
  'This call was interrupted, and whether it took effect is not known. A person decided to go on without making it again.';

function shownInput({ input }: PlannedCall): string {
  const pretty = JSON.stringify(JSON.parse(input), null, 2);
  const head = cutText(pretty, maxShownBytes);
  return head.length === pretty.length ? pretty : `${head}\n… (${Buffer.byteLength(pretty)} bytes in all)`;
}

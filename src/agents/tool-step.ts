import type { Settings } from '../config/settings.ts';
import type { Clock } from '../kernel/clock.ts';
import { isRetryable, SquadraError } from '../kernel/errors.ts';
import { LostAttempt } from '../workflows/asker.ts';
import type { AskRequest, CallAttempt, CallResult, JournaledCall } from '../workflows/asker.ts';
import type { AnyTool, ToolContext } from '../workflows/tool.ts';
import { depthRefusal, remainingMs } from './ask-limits.ts';
import { question } from './ask-person.ts';
import { memberQuestion } from './ask-member.ts';
import type { ToolResult } from './conversation.ts';
import type { PlannedCall } from './planned-call.ts';
import { ResultKeeper } from './result-keeper.ts';
import { checkInput, type ToolSet } from './tool-set.ts';
import { cutText, errorText, resultText } from './tool-result.ts';
import { runTool } from './tool-run.ts';
import { readResult } from './turn-record.ts';

/** What tool calls need from their surroundings. */
export interface ToolStepParts {
  readonly settings: Pick<Settings, 'askTimeoutMs' | 'maxDelegationDepth' | 'maxToolResultBytes' | 'maxWorkspaceBytes'>;
  readonly clock: Clock;
  /** Texts that must never appear in a message. */
  readonly secrets: readonly string[];
  /** The folder that holds the workspaces. */
  readonly workspaceRoot: string;
  readonly toolsOf: (request: AskRequest) => Promise<ToolSet>;
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

type RunHandling = Extract<PlannedCall['handling'], { do: 'run' }>;

/** What a person sees of arguments; the whole lies in the journal. */
const maxShownBytes = 8 * 1024;

/** Makes one tool call as one journaled step. Whatever comes of it is told to the model; only limits fail the ask. */
export class ToolStep {
  readonly #parts: ToolStepParts;
  readonly #keeper: ResultKeeper;

  constructor(parts: ToolStepParts) {
    this.#parts = parts;
    this.#keeper = new ResultKeeper(parts);
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
    return this.#record(turn, { intent: false, timeoutMs: 60_000, make: async () => this.#resultOf(turn, result) });
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
        skipped: () => this.#resultOf(turn, { text: skippedText, isError: true }),
      },
      make: (attempt) => this.#run(turn, handling, attempt),
    });
  }

  async #run(turn: ToolTurn, handling: RunHandling, attempt: CallAttempt): Promise<CallResult> {
    const { request, call } = turn;
    const { clock, settings, toolsOf } = this.#parts;
    const leftMs = remainingMs(request, settings);
    try {
      const tool = (await toolsOf(request)).find(call.name);
      if (tool === undefined) throw new Error(`There is no tool ${call.name} any more.`);
      const checked = await checkInput(tool, JSON.parse(call.input));
      attempt.signal.throwIfAborted();
      if (!checked.ok) throw new Error(checked.problem);
      const timeoutMs = Math.min(handling.timeoutMs, leftMs);
      const value = await runTool(tool, checked.input, this.#contextOf(request, attempt), { clock, timeoutMs });
      return await this.#success(turn, tool, value, attempt);
    } catch (error) {
      attempt.signal.throwIfAborted();
      return this.#failure(turn, handling, error, attempt);
    }
  }

  async #success(turn: ToolTurn, tool: AnyTool, value: unknown, attempt: CallAttempt): Promise<CallResult> {
    const text = resultText(value, tool.name);
    const { maxToolResultBytes } = this.#parts.settings;
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxToolResultBytes) return this.#resultOf(turn, { text, isError: false });
    const head = cutText(text, maxToolResultBytes);
    const stepKey = `${turn.request.key}/${turn.name}`;
    const kept =
      tool.keepsResult === false
        ? null
        : await this.#keeper.keep(text, stepKey, this.#contextOf(turn.request, attempt));
    const where = kept === null ? '' : ` ${kept.note}`;
    const note = `\n\n[These are the first ${Buffer.byteLength(head)} of ${bytes} bytes.${where}]`;
    const result = this.#resultOf(turn, { text: head + note, isError: false });
    if (kept === null || kept.path === null) return result;
    const artifact = { path: kept.path, bytes, stepKey };
    return { ...result, item: { change: 'attach', id: turn.request.itemId, artifact } };
  }

  /** What may pass is tried again, what is in doubt is settled by its policy, everything else is told to the model. */
  #failure(turn: ToolTurn, { inDoubt }: RunHandling, error: unknown, attempt: CallAttempt): CallResult {
    const isLost = error instanceof SquadraError && (error.code === 'IN_DOUBT' || error.details.mayHaveRun === true);
    if (isLost && inDoubt !== 'retry') throw new LostAttempt(error.message, { cause: error });
    const passes = error instanceof SquadraError && isRetryable(error) && error.code !== 'TOOL_TIMEOUT';
    if (passes && !attempt.isLast) throw error;
    return this.#resultOf(turn, { text: errorText(error, this.#parts.secrets), isError: true });
  }

  #contextOf({ executionId, tenant, member }: AskRequest, { signal, idempotencyKey }: CallAttempt): ToolContext {
    const workspace = this.#keeper.workspaceOf(executionId);
    return { executionId, tenant, memberId: member.id, signal, idempotencyKey, workspace };
  }

  #resultOf({ request, name, call }: ToolTurn, { text, isError }: ToolResult): CallResult {
    const { maxToolResultBytes } = this.#parts.settings;
    // Of results only errors and answers of people can be longer here.
    const told = Buffer.byteLength(text) > 2 * maxToolResultBytes ? cutText(text, maxToolResultBytes) : text;
    return {
      output: { ok: !isError, tool: call.name },
      messages: [
        {
          role: 'tool',
          kind: 'tool-result',
          memberId: request.member.id,
          text: told,
          stepKey: `${request.key}/${name}`,
        },
      ],
      usage: null,
    };
  }
}

const skippedText =
  'This call was interrupted, and whether it took effect is not known. A person decided to go on without making it again.';

function shownInput({ input }: PlannedCall): string {
  const pretty = JSON.stringify(JSON.parse(input), null, 2);
  const head = cutText(pretty, maxShownBytes);
  return head.length === pretty.length ? pretty : `${head}\n… (${Buffer.byteLength(pretty)} bytes in all)`;
}

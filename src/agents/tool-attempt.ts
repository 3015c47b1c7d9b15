import type { Settings } from '../config/settings.ts';
import type { Clock } from '../kernel/clock.ts';
import { isRetryable, SquadraError } from '../kernel/errors.ts';
import { LostAttempt } from '../workflows/asker.ts';
import type { AskRequest, CallAttempt, CallResult } from '../workflows/asker.ts';
import type { AnyTool, ToolContext } from '../workflows/tool.ts';
import { remainingMs } from './ask-limits.ts';
import type { ToolResult } from './conversation.ts';
import type { PlannedCall } from './planned-call.ts';
import { ResultKeeper } from './result-keeper.ts';
import { cutText, errorText, resultText } from './tool-result.ts';
import { runTool } from './tool-run.ts';
import { checkInput, type ToolSet } from './tool-set.ts';

/** What making tool calls needs from its surroundings. */
export interface ToolAttemptParts {
  readonly settings: Pick<Settings, 'askTimeoutMs' | 'maxToolResultBytes' | 'maxWorkspaceBytes'>;
  readonly clock: Clock;
  /** Texts that must never appear in a message. */
  readonly secrets: readonly string[];
  /** The folder that holds the workspaces. */
  readonly workspaceRoot: string;
  readonly toolsOf: (request: AskRequest) => Promise<ToolSet>;
}

/** Which call of which ask. */
export interface CalledTool {
  readonly request: AskRequest;
  readonly name: string;
  readonly call: PlannedCall;
}

export type RunHandling = Extract<PlannedCall['handling'], { do: 'run' }>;

/** Makes tool calls, and turns whatever comes of them into what the model is told. */
export class ToolAttempts {
  readonly #parts: ToolAttemptParts;
  readonly #keeper: ResultKeeper;

  constructor(parts: ToolAttemptParts) {
    this.#parts = parts;
    this.#keeper = new ResultKeeper(parts);
  }

  /** One try of a call. Only what may pass and what is in doubt is thrown. */
  async make(turn: CalledTool, handling: RunHandling, attempt: CallAttempt): Promise<CallResult> {
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

  async #success(turn: CalledTool, tool: AnyTool, value: unknown, attempt: CallAttempt): Promise<CallResult> {
    const text = resultText(value, tool.name);
    const { maxToolResultBytes } = this.#parts.settings;
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxToolResultBytes) return this.resultOf(turn, { text, isError: false });
    const head = cutText(text, maxToolResultBytes);
    const stepKey = `${turn.request.key}/${turn.name}`;
    const kept =
      tool.keepsResult === false
        ? null
        : await this.#keeper.keep(text, stepKey, this.#contextOf(turn.request, attempt));
    const where = kept === null ? '' : ` ${kept.note}`;
    const note = `\n\n[These are the first ${Buffer.byteLength(head)} of ${bytes} bytes.${where}]`;
    const result = this.resultOf(turn, { text: head + note, isError: false });
    if (kept === null || kept.path === null) return result;
    const artifact = { path: kept.path, bytes, stepKey };
    return { ...result, item: { change: 'attach', id: turn.request.itemId, artifact } };
  }

  /** What may pass is tried again, what is in doubt is settled by its policy, everything else is told to the model. */
  #failure(turn: CalledTool, { inDoubt }: RunHandling, error: unknown, attempt: CallAttempt): CallResult {
    const isLost = error instanceof SquadraError && (error.code === 'IN_DOUBT' || error.details.mayHaveRun === true);
    if (isLost && inDoubt !== 'retry') throw new LostAttempt(error.message, { cause: error });
    const passes = error instanceof SquadraError && isRetryable(error) && error.code !== 'TOOL_TIMEOUT';
    if (passes && !attempt.isLast) throw error;
    return this.resultOf(turn, { text: errorText(error, this.#parts.secrets), isError: true });
  }

  #contextOf({ executionId, tenant, member }: AskRequest, { signal, idempotencyKey }: CallAttempt): ToolContext {
    const workspace = this.#keeper.workspaceOf(executionId);
    return { executionId, tenant, memberId: member.id, signal, idempotencyKey, workspace };
  }

  resultOf({ request, name, call }: CalledTool, { text, isError }: ToolResult): CallResult {
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

import type { Cache } from '../cache/cache.ts';
import type { Settings } from '../config/settings.ts';
import type { AdmissionStatistics } from '../flow/admission.ts';
import type { Catalogue } from '../squads/catalogue.ts';
import type { DurationDistribution } from '../telemetry/histogram.ts';
import type { Member } from '../squads/squad.ts';
import { addUsage, noUsage } from '../work/usage.ts';
import type { ItemChange } from '../work/work-item.ts';
import type { Answer, Asker, AskRequest } from '../workflows/asker.ts';
import type { AnyTool } from '../workflows/tool.ts';
import { type Agent, buildAgent } from './agent.ts';
import { AgentPool, type AgentPoolStats } from './agent-pool.ts';
import { RepeatedCalls } from './ask-limits.ts';
import { compact } from './compaction.ts';
import { openConversation, type ToolResult, withTurn } from './conversation.ts';
import { ModelCaller, type ModelCallerParts } from './model-caller.ts';
import { ModelStep, type ModelStepParts, type TurnResult } from './model-step.ts';
import { type OutputFormat, outputFormat } from './output-format.ts';
import { ToolDescriptions, ToolSet } from './tool-set.ts';
import { ToolStep, type ToolStepParts } from './tool-step.ts';

/** Of an answer that does not match its schema. */
const maxRepairs = 1;
const maxTitleLength = 200;

/** What the agents floor needs from its surroundings. */
export interface AskerParts extends ModelCallerParts {
  readonly catalogue: Catalogue;
  readonly cache: Cache;
  readonly settings: ModelCallerParts['settings'] &
    ModelStepParts['settings'] &
    ToolStepParts['settings'] &
    Pick<Settings, 'agentPoolSize' | 'maxRepeatedCalls'>;
  /** What a member may call. Throws `TOOL_UNAVAILABLE` when a server of tools cannot be reached. */
  readonly toolbox: { toolsOf(member: Member): Promise<readonly AnyTool[]> };
  /** The folder that holds the workspaces of executions. */
  readonly workspaceRoot: string;
}

/** The asker and how busy it is. */
export interface AgentAsker extends Asker {
  /** The agents that are built. */
  readonly pool: Pick<AgentPool, 'of' | 'drop' | 'stats'>;
  stats(): {
    readonly agents: AgentPoolStats;
    readonly calls: AdmissionStatistics;
    /** How long models took for their answers. */
    readonly answers: DurationDistribution;
  };
}

/** Fills `squad.ask`: the member's agent answers, one model or tool call per step. */
export function createAsker(parts: AskerParts): AgentAsker {
  const { settings, clock, registry, toolbox, workspaceRoot } = parts;
  const pool = new AgentPool((member) => buildAgent(member, parts), settings.agentPoolSize);
  const caller = new ModelCaller(parts);
  const toolsOf = async ({ member, options }: AskRequest): Promise<ToolSet> =>
    new ToolSet([...(await toolbox.toolsOf(member)), ...(options.tools ?? [])]);
  const models = new ModelStep({ settings, descriptions: new ToolDescriptions(), toolsOf }, caller);
  const tools = new ToolStep({ settings, clock, secrets: registry.secrets, workspaceRoot, toolsOf });
  return {
    ask: (request) => new AgentRun(pool.get(request), request, { caller, models, tools, settings }).answer(),
    pool,
    stats: () => ({ agents: pool.stats(), calls: parts.admission.statistics(), answers: caller.answers() }),
  };
}

interface LoopParts {
  readonly caller: ModelCaller;
  readonly models: ModelStep;
  readonly tools: ToolStep;
  readonly settings: Pick<Settings, 'maxRepeatedCalls'>;
}

/**
 * One ask, from its first model call to its answer.
 *
 * L1  What a call is given is a function of the ask and of committed answers alone, so a call made again is the same call.
 * L2  Nothing is held while a step is awaited: a run that parks never comes back here.
 * L3  The item begins with the first intent, and completes or fails in the commit of the call that decides it.
 * L4  Nothing is awaited but steps. Tools are looked up within the steps that need them, and what was decided about a call is
 *     recorded with the answer that asks for it.
 */
class AgentRun {
  readonly #agent: Agent;
  readonly #request: AskRequest;
  readonly #parts: LoopParts;
  readonly #format: OutputFormat;
  readonly #repeated: RepeatedCalls;
  #usage = noUsage;
  #toolCalls = 0;
  #repairs = 0;

  constructor(agent: Agent, request: AskRequest, parts: LoopParts) {
    this.#agent = agent;
    this.#request = request;
    this.#parts = parts;
    this.#format = outputFormat(request.options.schema);
    this.#repeated = new RepeatedCalls(parts.settings);
  }

  async answer(): Promise<Answer> {
    const { instruction, hash } = this.#format;
    const system = this.#agent.systemPrompt + (instruction === '' ? '' : `\n\n## Answer format\n\n${instruction}`);
    let conversation = openConversation(system, this.#request.message, hash);
    for (let turn = 1; ; turn += 1) {
      const compacted = await compact(this.#parts.caller, this.#agent, this.#request, conversation, turn);
      if (compacted.usage !== null) this.#usage = addUsage(this.#usage, compacted.usage);
      conversation = compacted.conversation;
      const result = await this.#parts.models.take({
        agent: this.#agent,
        request: this.#request,
        format: this.#format,
        conversation,
        number: turn,
        toolCalls: this.#toolCalls,
        canRepair: this.#repairs < maxRepairs,
        // The item in every turn: a retry of the execution may begin with the second one, and its item is ready again.
        begin: { messages: turn === 1 ? [askMessage(this.#request)] : [], item: beginItem(this.#agent, this.#request) },
      });
      // What it cost is no part of what was said: a fork did not pay for what it took over.
      const { usage, ...turned } = result;
      this.#usage = addUsage(this.#usage, usage);
      switch (turned.kind) {
        case 'answer':
          return { text: turned.text, ...turned.value, usage: this.#usage, itemId: this.#request.itemId };
        case 'repair':
          this.#repairs += 1;
          conversation = withTurn(conversation, turned, usage);
          break;
        case 'tools':
          conversation = withTurn(conversation, { ...turned, results: await this.#callTools(turn, turned) }, usage);
          break;
      }
    }
  }

  /** One after the other, in the order of the answer: a later call may count on an earlier one. */
  async #callTools(
    turn: number,
    { calls }: Pick<Extract<TurnResult, { kind: 'tools' }>, 'calls'>,
  ): Promise<readonly ToolResult[]> {
    this.#toolCalls += calls.length;
    const results: ToolResult[] = [];
    for (const [index, call] of calls.entries()) {
      const name = `tool/${turn}.${index + 1}`;
      const refusal = this.#repeated.note(call, this.#request);
      const begin = { messages: [], item: beginItem(this.#agent, this.#request) };
      results.push(await this.#parts.tools.take({ request: this.#request, name, call, refusal, begin }));
    }
    return results;
  }
}

function askMessage(request: AskRequest) {
  return {
    role: 'user',
    kind: 'ask',
    memberId: request.member.id,
    text: request.message,
    stepKey: request.key,
  } as const;
}

function beginItem({ priced: { provider, model } }: Agent, request: AskRequest): ItemChange {
  return {
    change: 'begin',
    id: request.itemId,
    title: titleOf(request),
    memberId: request.member.id,
    stepKey: request.key,
    model: `${provider}/${model}`,
  };
}

/**
 * Who is asked, and the first line of the ask that says something, without its markup; a quotation is somebody else's. The
 * members of a pipeline are all asked about the same request: only the name tells their items apart.
 */
function titleOf({ message, member }: AskRequest): string {
  const lines = message.slice(0, 10 * maxTitleLength).split('\n');
  const isTelling = (line: string): boolean => /^[^>]*[\p{L}\p{N}]/u.test(line) && !/^#+\s+request\s*$/iu.test(line);
  const line = lines.find(isTelling) ?? 'an ask without words';
  const title = `${member.name}: ${line.replace(/^[\s#*+-]+/, '').trim()}`;
  return title.length <= maxTitleLength ? title : `${title.slice(0, maxTitleLength - 1)}…`;
}

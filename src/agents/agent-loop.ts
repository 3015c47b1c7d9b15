import type { LanguageModelV4Prompt } from '@ai-sdk/provider';
import type { Settings } from '../config/settings.ts';
import type { Catalogue } from '../squads/catalogue.ts';
import type { ItemChange } from '../work/work-item.ts';
import { addUsage, noUsage } from '../work/usage.ts';
import type { Answer, Asker, AskRequest } from '../workflows/asker.ts';
import { Semaphore } from '../flow/semaphore.ts';
import { type Agent, buildAgent } from './agent.ts';
import { AgentPool, type AgentPoolStats } from './agent-pool.ts';
import { ModelStep, type ModelStepParts, type TurnResult } from './model-step.ts';
import { type OutputFormat, outputFormat, repairMessage } from './output-format.ts';

/** One repair of an answer that does not match its schema. */
const maxTurns = 2;
const maxTitleLength = 200;

/** What the agents floor needs from its surroundings. */
export interface AskerParts extends ModelStepParts {
  readonly catalogue: Catalogue;
  readonly settings: ModelStepParts['settings'] & Pick<Settings, 'maxConcurrentModelCalls'>;
}

/** The asker and how busy it is. */
export interface AgentAsker extends Asker {
  stats(): { readonly agents: AgentPoolStats; readonly calls: ReturnType<Semaphore['stats']> };
}

/** Fills `squad.ask`: the member's agent answers, one model call per step. */
export function createAsker(parts: AskerParts): AgentAsker {
  const pool = new AgentPool((member) => buildAgent(member, parts));
  const places = new Semaphore(parts.settings.maxConcurrentModelCalls);
  const step = new ModelStep(parts, places);
  return {
    ask: (request) => runAgent(pool.get(request.member), request, step),
    stats: () => ({ agents: pool.stats(), calls: places.stats() }),
  };
}

/**
 * L1  What a call is given is a function of the ask and of committed answers alone, so a call made again is the same call.
 * L2  Nothing is held while a step is awaited: a run that parks never comes back here.
 * L3  The item begins with the first intent, and completes or fails in the commit of the call that decides it.
 */
async function runAgent(agent: Agent, request: AskRequest, step: ModelStep): Promise<Answer> {
  const format = outputFormat(request.options.schema);
  let prompt = openingPrompt(agent, format, request.message);
  let usage = noUsage;
  for (let turn = 1; ; turn += 1) {
    const isLast = turn === maxTurns;
    const result: TurnResult = await step.take({
      agent,
      request,
      format,
      prompt,
      name: `model/${turn}`,
      isLast,
      // The item in every turn: a retry of the execution may begin with the second one, and its item is ready again.
      begin: { messages: turn === 1 ? [askMessage(request)] : [], item: beginItem(request) },
    });
    usage = addUsage(usage, result.usage);
    if (result.accepted) return { text: result.text, ...result.value, usage, itemId: request.itemId };
    prompt = withRepair(prompt, result.text, result.problems);
  }
}

function openingPrompt(agent: Agent, format: OutputFormat, message: string): LanguageModelV4Prompt {
  const system =
    format.instruction === ''
      ? agent.systemPrompt
      : `${agent.systemPrompt}\n\n## Answer format\n\n${format.instruction}`;
  return [
    { role: 'system', content: system },
    { role: 'user', content: [{ type: 'text', text: message }] },
  ];
}

function withRepair(prompt: LanguageModelV4Prompt, answer: string, problems: readonly string[]): LanguageModelV4Prompt {
  return [
    ...prompt,
    { role: 'assistant', content: [{ type: 'text', text: answer }] },
    { role: 'user', content: [{ type: 'text', text: repairMessage(problems) }] },
  ];
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

function beginItem(request: AskRequest): ItemChange {
  return {
    change: 'begin',
    id: request.itemId,
    title: titleOf(request),
    memberId: request.member.id,
    stepKey: request.key,
  };
}

/** The first line of the ask that says something, without its markup; a quotation is somebody else's. */
function titleOf({ message, member }: AskRequest): string {
  const lines = message.slice(0, 10 * maxTitleLength).split('\n');
  const isTelling = (line: string): boolean => /^[^>]*[\p{L}\p{N}]/u.test(line) && !/^#+\s+request\s*$/iu.test(line);
  const line = lines.find(isTelling) ?? `Ask ${member.name}`;
  const title = line.replace(/^[\s#*+-]+/, '').trim();
  return title.length <= maxTitleLength ? title : `${title.slice(0, maxTitleLength - 1)}…`;
}

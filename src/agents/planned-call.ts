import { z } from 'zod';
import type { Json } from '../kernel/json.ts';
import type { Member } from '../squads/squad.ts';
import { type AnyTool, inDoubtPolicy } from '../workflows/tool.ts';
import { askMember, memberQuestion } from './ask-member.ts';
import { askPerson } from './ask-person.ts';
import type { ReceivedToolCall } from './received-parts.ts';
import { scrubText } from './scrub.ts';
import { checkInput, type ToolSet } from './tool-set.ts';

/** What becomes of a call. */
const handling = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('run'),
    inDoubt: z.enum(['retry', 'ask', 'fail']),
    needsApproval: z.boolean(),
    timeoutMs: z.number(),
  }),
  /** It cannot be made; the model is told why. */
  z.object({ do: z.literal('refuse'), problem: z.string() }),
  z.object({ do: z.literal('ask-person') }),
  z.object({ do: z.literal('ask-member'), memberId: z.string() }),
]);

/**
 * A tool call with what becomes of it. Both are decided when the answer arrives and are recorded with it, so that a replay
 * goes the same way, whatever has become of the tools since.
 */
export const plannedCall = z.object({
  id: z.string(),
  name: z.string(),
  /** The arguments: a JSON object. */
  input: z.string(),
  /** What the provider wants back with the call. */
  metadata: z.custom<Json>().exactOptional(),
  handling,
});

export type PlannedCall = Readonly<z.infer<typeof plannedCall>>;
type Handling = PlannedCall['handling'];

/** Whose calls are planned. */
export interface CallingAgent {
  readonly member: Member;
  readonly colleagues: readonly Member[];
  /** For tools that name no time-out of their own. */
  readonly defaultTimeoutMs: number;
  /** The place of the answer in the ask, from 1. */
  readonly turn: number;
}

/** Stands for names that no provider would take back. */
const namelessTool = 'unknown_tool';
const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const idPattern = /^[\x21-\x7e]{1,256}$/;
/** Deeper values overflow the stack of those who walk them. */
const maxDepth = 64;

/** Decides about all calls of an answer, in their order. Whatever the model wrote, what comes out can be stored and sent back. */
export async function planCalls(
  calls: readonly ReceivedToolCall[],
  tools: ToolSet,
  agent: CallingAgent,
): Promise<readonly PlannedCall[]> {
  const ids = new Set<string>();
  const planned: PlannedCall[] = [];
  for (const [index, call] of calls.entries()) {
    const id = idPattern.test(call.id) && !ids.has(call.id) ? call.id : `call-${agent.turn}-${index + 1}`;
    ids.add(id);
    planned.push({ id, ...(await planCall(call, tools, agent)) });
  }
  return planned;
}

async function planCall(call: ReceivedToolCall, tools: ToolSet, agent: CallingAgent): Promise<Omit<PlannedCall, 'id'>> {
  const name = namePattern.test(call.name) ? call.name : namelessTool;
  const read = readInput(call.input);
  const head = {
    name,
    input: read.ok ? JSON.stringify(read.input) : '{}',
    // A provider's own metadata is JSON by its type.
    ...(call.metadata === null ? {} : { metadata: call.metadata as Json }),
  };
  const tool = tools.find(call.name);
  if (tool === undefined) return { ...head, handling: unknownTool(call.name, tools) };
  if (!read.ok) return { ...head, handling: { do: 'refuse', problem: read.problem } };
  const checked = await checkInput(tool, read.input);
  if (!checked.ok) return { ...head, handling: { do: 'refuse', problem: checked.problem } };
  return { ...head, handling: handlingOf(tool, read.input, agent) };
}

function handlingOf(tool: AnyTool, input: object, { member, colleagues, defaultTimeoutMs }: CallingAgent): Handling {
  if (tool === askPerson) return { do: 'ask-person' };
  if (tool === askMember) return colleagueOf(memberQuestion.parse(input).member, member, colleagues);
  return {
    do: 'run',
    inDoubt: inDoubtPolicy(tool),
    needsApproval: tool.requireApproval === true,
    timeoutMs: tool.timeoutMs ?? defaultTimeoutMs,
  };
}

function colleagueOf(wanted: string, member: Member, all: readonly Member[]): Handling {
  const colleagues = all.filter(({ id }) => id !== member.id);
  const found = colleagues.find(({ name, role }) => name === wanted || role === wanted);
  if (found !== undefined) return { do: 'ask-member', memberId: found.id };
  const known = colleagues.map(({ name, role }) => `${name} (${role})`).join(', ');
  const problem = known === '' ? 'You have no colleagues.' : `Your colleagues are: ${known}.`;
  return { do: 'refuse', problem: `There is no colleague ${shown(wanted)}. ${problem}` };
}

function unknownTool(name: string, { names }: ToolSet): Handling {
  const known = names.length === 0 ? 'There are none here.' : `The tools are: ${names.join(', ')}.`;
  return { do: 'refuse', problem: `There is no tool ${shown(name)}. ${known}` };
}

type ReadInput = { readonly ok: true; readonly input: object } | { readonly ok: false; readonly problem: string };

/** Arguments are an object for every provider; some models leave them out when there are none. */
function readInput(text: string): ReadInput {
  let input: unknown;
  try {
    input = text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? scrubText(error.message, []) : String(error);
    return { ok: false, problem: `The arguments are not JSON: ${why}` };
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { ok: false, problem: 'The arguments are not a JSON object.' };
  return isDeeper(input, maxDepth)
    ? { ok: false, problem: `The arguments are nested more than ${maxDepth} deep.` }
    : { ok: true, input };
}

function isDeeper(value: object, depth: number): boolean {
  let level: object[] = [value];
  for (let reached = 0; level.length > 0; reached += 1) {
    if (reached > depth) return true;
    level = level.flatMap((each) => Object.values(each).filter((inner) => typeof inner === 'object' && inner !== null));
  }
  return false;
}

/** A name that a model made up, fit for a message. */
function shown(name: string): string {
  return JSON.stringify(scrubText(name, []).slice(0, 80));
}

import type { Check, Evidence, Figure } from '../evidence.ts';
import { only } from '../evidence.ts';
import type { ExecutionState } from '../state.ts';

/** Tools of the mix whose calls may be made twice; of all others a person is asked. */
const harmless: ReadonlySet<string> = new Set(['note']);

/** A call of a tool is made once; once more only where a person said so, or where the tool says that it harms nobody. */
export function toolChecks({ state, effects }: Evidence): { readonly checks: Check[]; readonly figures: Figure[] } {
  const made = Map.groupBy(only(effects, 'made'), ({ id, step }) => `${id}/${step}`);
  const twice: string[] = [];
  const silent: string[] = [];
  const late: string[] = [];
  for (const [name, lines] of made) {
    const [{ id, step, tool } = { id: '', step: '', tool: '' }] = lines;
    const execution = state.executions.get(id);
    if (execution === undefined) continue;
    const { intents, completedAt } = callOf(execution, step);
    const said = decisions(execution, step);
    if (lines.length > intents) silent.push(`${name} was made ${lines.length} times with ${intents} intents`);
    if (!harmless.has(tool) && lines.length > 1 + said)
      twice.push(`${name} (${tool}) was made ${lines.length} times, and people said ${said} times that it may`);
    for (const { at } of lines)
      if (at > completedAt) late.push(`${name} was made at ${at}; its result was there at ${completedAt}`);
  }
  const asked = [...state.executions.values()].flatMap(({ approvals }) =>
    approvals.filter(({ step_key: key }) => key.includes('/in-doubt-')),
  );
  return {
    figures: [
      { name: 'tool calls made', count: [...made.values()].flat().length },
      { name: 'people asked about a tool call in doubt', count: asked.length },
    ],
    checks: [
      { name: 'tool calls made twice although nobody said so', found: twice },
      { name: 'tool calls without an intent', found: silent },
      { name: 'tool calls made again after their result was there', found: late },
    ],
  };
}

function callOf({ journal }: ExecutionState, step: string): { readonly intents: number; readonly completedAt: number } {
  const records = journal.filter(({ kind, key }) => kind === 'step' && key === step);
  return {
    intents: records.filter(({ phase }) => phase === 'intent').length,
    completedAt: records.find(({ phase }) => phase === 'completed')?.at ?? Number.POSITIVE_INFINITY,
  };
}

/** How often a person let the call be made again: by the answer `retry`, or by `fail` and a retry of the execution. */
function decisions({ approvals }: ExecutionState, step: string): number {
  return approvals.filter(
    ({ step_key: key, choice }) => key.startsWith(`${step}/in-doubt-`) && (choice === 'retry' || choice === 'fail'),
  ).length;
}

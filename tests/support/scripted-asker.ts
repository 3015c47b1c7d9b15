import { noUsage } from '../../src/work/usage.ts';
import type { Usage } from '../../src/work/usage.ts';
import { addUsage } from '../../src/work/usage.ts';
import type { Asker, AskRequest, JournaledCall } from '../../src/workflows/asker.ts';
import type { StepAttempt } from '../../src/workflows/step-api.ts';

/** What every call of the scripted asker reports, and what one that was lost is settled at. */
export const callUsage: Usage = { ...noUsage, inputTokens: 10, outputTokens: 5, costMicroUsd: 7, modelCalls: 1 };
export const callReservation: Usage = { ...callUsage, outputTokens: 100, costMicroUsd: 90, estimatedCalls: 1 };

/**
 * An asker that makes one model call, or with `tools` in the message: a call, the two tools it asks for, and a second call.
 * Each call is a body under `<ask>/<call>` that the test ends.
 */
export function scriptedAsker(enter: (key: string, attempt: StepAttempt) => Promise<unknown>): Asker {
  return {
    async ask(request) {
      const names = request.message.includes('tools') ? ['model/1', 'tool/1.1', 'tool/1.2', 'model/2'] : ['model/1'];
      let usage = noUsage;
      let text = '';
      for (const name of names) {
        const recorded = await request.call(scriptedCall(request, name, name === names.at(-1), enter));
        usage = addUsage(usage, recorded.usage);
        text = recorded.messages.map((message) => message.text).join('\n');
      }
      return { text, usage, itemId: request.itemId };
    },
  };
}

function scriptedCall(
  request: AskRequest,
  name: string,
  isLast: boolean,
  enter: (key: string, attempt: StepAttempt) => Promise<unknown>,
): JournaledCall {
  const { key, itemId, member } = request;
  const said = { memberId: member.id } as const;
  const begin = {
    change: 'begin',
    id: itemId,
    title: request.message,
    memberId: member.id,
    stepKey: key,
    model: null,
  } as const;
  const asked = { ...said, role: 'user', kind: 'ask', text: request.message, stepKey: key } as const;
  return {
    name,
    type: name.startsWith('model') ? 'model' : 'tool',
    input: { message: request.message, name },
    begin: { messages: name === 'model/1' ? [asked] : [], item: begin },
    failed: (reason) => ({ change: 'fail', id: itemId, reason }),
    reservation: callReservation,
    timeoutMs: 3_600_000,
    make: async (attempt) => {
      const text = String(await enter(`${key}/${name}`, attempt));
      return {
        output: { name },
        messages: [{ ...said, role: 'assistant', kind: 'answer', text, stepKey: `${key}/${name}` }],
        usage: callUsage,
        ...(isLast ? { item: { change: 'complete', id: itemId } as const } : {}),
      };
    },
  };
}

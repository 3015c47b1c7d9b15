import type { SquadraError } from '../kernel/errors.ts';
import type { ApprovalRequest } from '../work/approval-store.ts';
import type { AskRequest } from './asker.ts';
import type { Ceiling, CeilingDecision } from './attempt.ts';
import type { Run } from './run.ts';
import type { CallApproval } from './step-api.ts';

const choices = ['raise', 'refuse'];
const title = 'Raise the budget for once?';

/**
 * Lets a person decide about calls that a budget has no room for, or the next period, whichever comes first. The approval is
 * `<call>/over-budget-<attempt>.<time>`. What was asked in earlier runs is asked again before the call is reached, so that a
 * replay comes by the same steps in the same order.
 */
export function ceilingOf(run: Run, { key, approve }: Pick<AskRequest, 'key' | 'approve'>, call: string): Ceiling {
  const asked = new Map<string, Promise<CeilingDecision>>();
  const ask = async (name: string, options: CallApproval): Promise<CeilingDecision> => {
    const answer = await approve(name, options);
    if ('timedOut' in answer) return 'retry';
    return answer.choice === 'raise' ? 'raise' : 'refuse';
  };
  const attempts = run.history.steps.get(`${key}/${call}`)?.attempts ?? 0;
  for (let attempt = 1; attempt <= attempts + 1; attempt++) {
    for (let times = 0; ; times++) {
      const name = nameOf(call, attempt, times);
      const past = run.history.steps.get(`${key}/${name}`);
      if (past === undefined) break;
      const decision = ask(name, { ...questionOf(past.waiting?.details ?? null), choices });
      // Nobody may come to hear of it: only the last attempt can still be without an end.
      decision.catch(() => {});
      asked.set(name, decision);
    }
  }
  return {
    decide: (attempt, times, refusal) => {
      const name = nameOf(call, attempt, times);
      return asked.get(name) ?? ask(name, { title, details: explain(refusal), choices, until: untilOf(refusal) });
    },
  };
}

function nameOf(call: string, attempt: number, times: number): string {
  return `${call}/over-budget-${attempt}.${times + 1}`;
}

/** As it was put then: figures have changed since. Written by the approval step. */
function questionOf(details: string | null): { readonly title: string; readonly details?: string } {
  if (details === null) return { title };
  const request = JSON.parse(details) as ApprovalRequest;
  return { title: request.title, ...(request.details === null ? {} : { details: request.details }) };
}

function explain({ message }: SquadraError): string {
  return (
    `${message}\n\n\`raise\` raises the ceiling by a quarter of the limit for the present period, or by what the call needs; ` +
    '`refuse` fails the step. When the budget is changed or its next period begins, the call is tried again by itself.'
  );
}

function untilOf({ details }: SquadraError): number | null {
  const { retryAt } = details;
  return typeof retryAt === 'number' ? retryAt : null;
}

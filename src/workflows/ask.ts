import type { Member } from '../squads/squad.ts';
import { approveStep, derivedId } from './approval-step.ts';
import { AskClock } from './ask-clock.ts';
import type { Answer, AskOptions } from './asker.ts';
import { callStep } from './call-step.ts';
import type { StepSettings } from './effect.ts';
import type { Run } from './run.ts';
import type { ApprovalResult, CallApproval } from './step-api.ts';

/** Who is asked what, under which key. */
export interface Ask {
  readonly tenant: string;
  readonly member: Member;
  readonly squadId: string;
  /** Those an agent may ask in turn. */
  readonly colleagues: readonly Member[];
  readonly key: string;
  readonly message: string;
  readonly options: AskOptions;
}

/** The ask in which another one is made. */
interface OuterAsk {
  readonly depth: number;
  readonly clock: AskClock;
}

/** `squad.ask`: what the agents floor needs to make the calls of one ask, each as a step. */
export function ask(run: Run, asked: Ask, defaults: StepSettings, outer: OuterAsk | null = null): Promise<Answer> {
  const { executionId, priority } = run;
  const { key } = asked;
  run.reserveKey(key);
  const itemId = derivedId(executionId, `item:${key}`);
  run.watcher?.asked({ key, itemId, member: asked.member });
  const clock = new AskClock(run, `${key}/model/1`, outer?.clock ?? null);
  const depth = outer === null ? 0 : outer.depth + 1;
  const approve = (name: string, options: CallApproval): Promise<ApprovalResult> =>
    clock.pauseFor(`${key}/${name}`, approveStep(run, `${key}/${name}`, options));
  return run.services.asker.ask({
    ...asked,
    executionId,
    priority,
    depth,
    itemId,
    elapsedMs: () => clock.elapsedMs,
    isRecorded: (name) => run.history.steps.has(`${key}/${name}`),
    call: (call) => callStep(run, { key, approve }, call, defaults),
    approve,
    ask: (member, name, message) =>
      ask(run, { ...asked, member, key: `${key}/${name}`, message, options: {} }, defaults, { depth, clock }),
  });
}

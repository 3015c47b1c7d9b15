import { createHash } from 'node:crypto';
import { SquadraError } from '../kernel/errors.ts';
import { durationMs } from '../kernel/duration.ts';
import { approvalSignal } from '../work/approval-store.ts';
import type { ApprovalAnswer, ApprovalRequest } from '../work/approval-store.ts';
import { decodeJson } from '../kernel/json.ts';
import type { Member, Squad } from '../squads/squad.ts';
import type { Answer, AskOptions } from './asker.ts';
import { callStep } from './call-step.ts';
import type { StepSettings } from './effect.ts';
import type { Run } from './run.ts';
import type { SquadApi } from './squad-api.ts';
import type { ApprovalOptions, ApprovalResult, StepApi, WaitResult } from './step-api.ts';
import { stepKey } from './step-key.ts';
import { runStep, sleepStep, waitStep } from './steps.ts';

const defaultChoices = ['approve', 'reject'];

/** `step` for one run; `scope` is the key of the scope it stands in, empty at the top. */
export function stepApi(run: Run, scope: string, defaults: StepSettings): StepApi {
  return {
    run: (name, fn, options) => given(() => runStep(run, stepKey(scope, name), fn, options, defaults)),
    sleep: (name, duration) => given(() => sleepStep(run, stepKey(scope, name), duration)),
    waitFor: (signal, options) => given(() => waitForSignal(run, scope, signal, options)),
    approve: (name, options) => given(() => approveStep(run, stepKey(scope, name), options)),
    scope: (name, fn) => given(() => fn(stepApi(run, stepKey(scope, name), defaults))),
  };
}

/**
 * A promise for a workflow. It may be awaited later than it fails, after another branch: that is no unhandled rejection,
 * which would end the process.
 */
function given<T>(make: () => Promise<T>): Promise<T> {
  const promise = Promise.try(make);
  promise.catch(() => {});
  return promise;
}

function waitForSignal<T>(
  run: Run,
  scope: string,
  signal: string,
  options: Parameters<StepApi['waitFor']>[1],
): Promise<WaitResult<T>> {
  const key = stepKey(scope, options?.name ?? signal);
  const ms = options?.timeout === undefined ? null : durationMs(options.timeout, `the timeout of step '${key}'`);
  const work = {
    key,
    type: 'wait',
    input: { signal, ms },
    durationMs: ms,
    signal,
    details: JSON.stringify({ signal }),
  } as const;
  // The payload is whatever the sender sent; the type is the author's expectation of it.
  return waitStep(run, work, (payload) =>
    payload === null ? { timedOut: true } : { payload: decodeJson(payload) as T, timedOut: false },
  );
}

function approveStep(run: Run, key: string, options: ApprovalOptions): Promise<ApprovalResult> {
  const { title, details = null, choices = defaultChoices, timeout } = options;
  if (choices.length === 0) throw new SquadraError('INVALID_STEP', `Approval '${key}' offers no choice.`);
  const ms = timeout === undefined ? null : durationMs(timeout, `the timeout of step '${key}'`);
  const request: ApprovalRequest = { id: derivedId(run.executionId, `approval:${key}`), title, details, choices };
  const input = { title, details, choices: [...choices], ms };
  const work = {
    key,
    type: 'approval',
    input,
    durationMs: ms,
    signal: approvalSignal(key),
    details: JSON.stringify(request),
  } as const;
  // The store wrote the payload from a checked answer.
  return waitStep(run, work, (payload) =>
    payload === null ? { timedOut: true } : (JSON.parse(payload) as ApprovalAnswer),
  );
}

/** `squad` for one run. */
export function squadApi(run: Run, tenant: string, squad: Squad | null, defaults: StepSettings): SquadApi {
  const members = squad?.members ?? [];
  const askOne = async (
    member: Member | undefined,
    wanted: string,
    message: string,
    options: AskOptions,
  ): Promise<Answer> => {
    if (member === undefined) throw noMember(run.executionId, wanted, squad);
    return ask(run, tenant, { member, key: stepKey('', options.name ?? member.role), message, options }, defaults);
  };
  return {
    members,
    ask: (role, message, options = {}) => {
      const member = members.find((each) => each.role === role);
      return given(() => askOne(member, role, message, options));
    },
    askMember: (id, message, options = {}) => {
      const member = members.find((each) => each.id === id);
      return given(() => askOne(member, id, message, options));
    },
  };
}

interface Ask {
  readonly member: Member;
  readonly key: string;
  readonly message: string;
  readonly options: AskOptions;
}

function ask(
  run: Run,
  tenant: string,
  { member, key, message, options }: Ask,
  defaults: StepSettings,
): Promise<Answer> {
  const { executionId } = run;
  run.reserveKey(key);
  const itemId = derivedId(executionId, `item:${key}`);
  return run.services.asker.ask({
    tenant,
    executionId,
    key,
    itemId,
    member,
    message,
    options,
    call: (call) => callStep(run, key, call, defaults),
  });
}

function noMember(executionId: string, role: string, squad: Squad | null): SquadraError {
  if (squad === null)
    return new SquadraError(
      'UNKNOWN_SQUAD',
      `Execution ${executionId} asks '${role}', but was submitted without a squad.`,
    );
  const roles = [...new Set(squad.members.map((member) => member.role))].join(', ');
  return new SquadraError('UNKNOWN_ROLE', `Squad '${squad.name}' has no ${role}; its roles are ${roles}.`, {
    details: { role },
  });
}

/** An id that is the same in every replay, and lies where the execution's own id lies in an index. */
function derivedId(executionId: string, name: string): string {
  const digest = createHash('sha256').update(executionId).update('\0').update(name).digest('hex');
  // Time from the execution (UUIDv7), version 8 (custom) and the variant as RFC 9562 has them, the rest from the digest.
  return `${executionId.slice(0, 13)}-8${digest.slice(0, 3)}-a${digest.slice(3, 6)}-${digest.slice(6, 18)}`;
}

import { SquadraError } from '../kernel/errors.ts';
import { durationMs } from '../kernel/duration.ts';
import { decodeJson } from '../kernel/json.ts';
import type { Member, Squad } from '../squads/squad.ts';
import type { Execution } from '../work/execution.ts';
import { approveStep } from './approval-step.ts';
import { ask } from './ask.ts';
import type { Answer, AskOptions } from './asker.ts';
import { convoyStep } from './convoy-step.ts';
import type { StepSettings } from './effect.ts';
import type { Run } from './run.ts';
import type { SquadApi } from './squad-api.ts';
import type { StepApi, WaitResult } from './step-api.ts';
import { stepKey } from './step-key.ts';
import { runStep, sleepStep, waitStep } from './steps.ts';

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

/** `squad` for one run. */
export function squadApi(
  run: Run,
  { tenant, userId }: Pick<Execution, 'tenant' | 'userId'>,
  squad: Squad | null,
  defaults: StepSettings,
): SquadApi {
  const members = squad?.members ?? [];
  const askOne = async (
    member: Member | undefined,
    wanted: string,
    message: string,
    options: AskOptions,
  ): Promise<Answer> => {
    if (member === undefined || squad === null) throw noMember(run.executionId, wanted, squad);
    const key = stepKey('', options.name ?? member.role);
    return ask(run, { tenant, member, squadId: squad.id, colleagues: members, key, message, options }, defaults);
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
    convoy: (name, items, options = {}) =>
      given(() => {
        if (squad === null) throw noMember(run.executionId, items[0]?.role ?? 'a member', squad);
        const key = stepKey('', name);
        return convoyStep(run, { tenant, userId, squad, key, items, options }, defaults);
      }),
  };
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

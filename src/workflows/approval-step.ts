import { createHash } from 'node:crypto';
import { durationMs } from '../kernel/duration.ts';
import { SquadraError } from '../kernel/errors.ts';
import { approvalSignal } from '../work/approval-store.ts';
import type { ApprovalAnswer, ApprovalRequest } from '../work/approval-store.ts';
import type { Run } from './run.ts';
import type { ApprovalResult, CallApproval } from './step-api.ts';
import { waitStep } from './steps.ts';

const defaultChoices = ['approve', 'reject'];

/** `step.approve`: asks a person, and waits for the answer. */
export function approveStep(run: Run, key: string, options: CallApproval): Promise<ApprovalResult> {
  const { title, details = null, choices = defaultChoices, timeout, until = null } = options;
  if (choices.length === 0) throw new SquadraError('INVALID_STEP', `Approval '${key}' offers no choice.`);
  const ms = timeout === undefined ? null : durationMs(timeout, `the timeout of step '${key}'`);
  const request: ApprovalRequest = { id: derivedId(run.executionId, `approval:${key}`), title, details, choices };
  const input = { title, details, choices: [...choices], ms };
  const work = {
    key,
    type: 'approval',
    input,
    // A time of the calendar is no part of the input: how far away it is changes from run to run.
    durationMs: until === null ? ms : Math.max(0, until - run.services.clock.now()),
    signal: approvalSignal(key),
    details: JSON.stringify(request),
  } as const;
  // The store wrote the payload from a checked answer.
  return waitStep(run, work, (payload) =>
    payload === null ? { timedOut: true } : (JSON.parse(payload) as ApprovalAnswer),
  );
}

/** An id that is the same in every replay, and lies where the execution's own id lies in an index. */
export function derivedId(executionId: string, name: string): string {
  const digest = createHash('sha256').update(executionId).update('\0').update(name).digest('hex');
  // Time from the execution (UUIDv7), version 8 (custom) and the variant as RFC 9562 has them, the rest from the digest.
  return `${executionId.slice(0, 13)}-8${digest.slice(0, 3)}-a${digest.slice(3, 6)}-${digest.slice(6, 18)}`;
}

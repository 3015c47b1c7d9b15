import { decodeJson, encodeJson, hashJson } from '../kernel/json.ts';
import type { MessageRecord } from '../work/journal.ts';
import type { NewMessage } from '../work/message.ts';
import { noUsage } from '../work/usage.ts';
import type { AskRequest, CallAttempt, CallResult, JournaledCall, LostCall, RecordedCall } from './asker.ts';
import type { Attempt, Doubt, DoubtDecision, Succeeded, Work } from './attempt.ts';
import { ceilingOf } from './ceiling.ts';
import type { StepSettings } from './effect.ts';
import type { Run } from './run.ts';
import { performStep } from './steps.ts';

const doubtChoices: readonly DoubtDecision[] = ['retry', 'skip', 'fail'];

/** The ask that makes the call. */
type CallingAsk = Pick<AskRequest, 'key' | 'approve'>;

/** A model or tool call of an ask: its intent is committed before it leaves, its result before anything else happens. */
export function callStep(
  run: Run,
  asking: CallingAsk,
  call: JournaledCall,
  defaults: StepSettings,
): Promise<RecordedCall> {
  const key = `${asking.key}/${call.name}`;
  const { begin, lost, reservation, details, failed, describe } = call;
  const work: Work<RecordedCall> = {
    key,
    type: call.type,
    inputHash: hashJson(call.input),
    settings: { retry: defaults.retry, timeoutMs: call.timeoutMs, intent: call.intent ?? true },
    perform: (attempt) => perform(run, key, call, attempt),
    ...(reservation === undefined ? {} : { reservation, ceiling: ceilingOf(run, asking, call.name) }),
    ...(details === undefined ? {} : { details }),
    ...(describe === undefined ? {} : { describe }),
    ...(begin === undefined
      ? {}
      : {
          begin: {
            records: begin.messages.map(messageRecord),
            ...(begin.item === undefined ? {} : { item: begin.item }),
          },
        }),
    ...(failed === undefined ? {} : { failed }),
    ...(lost === undefined || lost.policy === 'retry' ? {} : { doubt: doubtOf(run, asking, call.name, lost) }),
  };
  return performStep(run, work, (past, output) => ({
    output: decodeJson(output),
    // The ask's own messages carry the key of the ask, so those of the call are the ones with its key.
    messages: past.messages,
    usage: past.final?.usage ?? noUsage,
  }));
}

/**
 * Lets a person decide about attempts in doubt. What was asked in earlier runs is asked again before the call is reached, so
 * that a replay comes by the same steps in the same order.
 */
function doubtOf(run: Run, { key, approve }: CallingAsk, name: string, lost: LostCall): Doubt<RecordedCall> {
  const skipped = (): Succeeded<RecordedCall> => succeeded(run, `${key}/${name}`, lost.skipped());
  if (lost.policy === 'fail') return { decide: async () => 'fail', skipped };
  const ask = async (attempt: number): Promise<DoubtDecision> => {
    const answer = await approve(doubtName(name, attempt), { ...lost.question, choices: doubtChoices });
    return doubtChoices.find((choice) => 'choice' in answer && choice === answer.choice) ?? 'fail';
  };
  const asked = new Map<number, Promise<DoubtDecision>>();
  const attempts = run.history.steps.get(`${key}/${name}`)?.attempts ?? 0;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (!run.history.steps.has(`${key}/${doubtName(name, attempt)}`)) continue;
    const decision = ask(attempt);
    // Nobody may come to hear of it: only the last attempt can still be in doubt.
    decision.catch(() => {});
    asked.set(attempt, decision);
  }
  return { decide: (attempt) => asked.get(attempt) ?? ask(attempt), skipped };
}

function doubtName(name: string, attempt: number): string {
  return `${name}/in-doubt-${attempt}`;
}

async function perform(run: Run, key: string, call: JournaledCall, attempt: Attempt): Promise<Succeeded<RecordedCall>> {
  let offset = 0;
  const place = { executionId: run.executionId, stepKey: key, attempt: attempt.number };
  const callAttempt: CallAttempt = {
    number: attempt.number,
    isLast: attempt.isLast,
    signal: attempt.signal,
    idempotencyKey: attempt.idempotencyKey,
    delta: (text) => {
      if (run.isOver) return;
      run.services.onDelta({ ...place, offset, text });
      offset += text.length;
    },
  };
  try {
    return succeeded(run, key, await call.make(callAttempt));
  } finally {
    if (offset > 0) run.services.onCallEnd(place);
  }
}

function succeeded(run: Run, key: string, { output, messages, usage, item }: CallResult): Succeeded<RecordedCall> {
  const { maxResultBytes } = run.services.limits;
  const text = encodeJson(output, { maxBytes: maxResultBytes, what: `the result of step '${key}'` });
  return {
    value: { output: decodeJson(text), messages, usage: usage ?? noUsage },
    output: text,
    records: messages.map(messageRecord),
    usage,
    ...(item === undefined ? {} : { item }),
  };
}

function messageRecord(message: NewMessage): MessageRecord {
  return { kind: 'message', message };
}

import { decodeJson, encodeJson, hashJson } from '../kernel/json.ts';
import type { MessageRecord } from '../work/journal.ts';
import type { NewMessage } from '../work/message.ts';
import { noUsage } from '../work/usage.ts';
import type { CallAttempt, JournaledCall, RecordedCall } from './asker.ts';
import type { Attempt, Succeeded, Work } from './attempts.ts';
import type { StepSettings } from './effect.ts';
import type { Run } from './run.ts';
import { performStep } from './steps.ts';

/** A model or tool call of an ask: its intent is committed before it leaves, its result before anything else happens. */
export function callStep(run: Run, askKey: string, call: JournaledCall, defaults: StepSettings): Promise<RecordedCall> {
  const key = `${askKey}/${call.name}`;
  const { begin } = call;
  const work: Work<RecordedCall> = {
    key,
    type: call.type,
    inputHash: hashJson(call.input),
    settings: { retry: defaults.retry, timeoutMs: call.timeoutMs, intent: true },
    reservation: call.reservation,
    perform: (attempt) => perform(run, key, call, attempt),
    ...(begin === undefined
      ? {}
      : {
          begin: {
            records: begin.messages.map(messageRecord),
            ...(begin.item === undefined ? {} : { item: begin.item }),
          },
        }),
    ...(call.failed === undefined ? {} : { failed: call.failed }),
  };
  return performStep(run, work, (past, output) => ({
    output: decodeJson(output),
    // The ask's own messages carry the key of the ask, so those of the call are the ones with its key.
    messages: past.messages,
    usage: past.final?.usage ?? noUsage,
  }));
}

async function perform(run: Run, key: string, call: JournaledCall, attempt: Attempt): Promise<Succeeded<RecordedCall>> {
  let offset = 0;
  const callAttempt: CallAttempt = {
    number: attempt.number,
    signal: attempt.signal,
    idempotencyKey: attempt.idempotencyKey,
    delta: (text) => {
      if (run.isOver) return;
      run.services.onDelta({ executionId: run.executionId, stepKey: key, attempt: attempt.number, offset, text });
      offset += text.length;
    },
  };
  const { output, messages, usage, item } = await call.make(callAttempt);
  const text = encodeJson(output, {
    maxBytes: run.services.limits.maxResultBytes,
    what: `the result of step '${key}'`,
  });
  return {
    value: { output: decodeJson(text), messages, usage },
    output: text,
    records: messages.map(messageRecord),
    usage,
    ...(item === undefined ? {} : { item }),
  };
}

function messageRecord(message: NewMessage): MessageRecord {
  return { kind: 'message', message };
}

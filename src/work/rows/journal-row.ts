import type { Failure } from '../../kernel/failure.ts';
import type { JournalRecord, Journaled, StepPhase, StepType } from '../journal.ts';
import type { ExecutionStatus } from '../execution.ts';
import type { MessageKind, MessageRole } from '../message.ts';
import type { Usage } from '../usage.ts';

/** kind, key, type, phase, attempt, input_hash, due_at, data, text: the columns of a record after its place and time. */
export type JournalColumns = readonly [
  kind: string,
  key: string | null,
  type: string | null,
  phase: string | null,
  attempt: number | null,
  inputHash: string | null,
  dueAt: number | null,
  data: string | null,
  text: string | null,
];

/** A stored row: seq and at, then the columns. */
export type JournalRow = readonly [seq: number, at: number, ...JournalColumns];

export function journalColumns(record: JournalRecord): JournalColumns {
  switch (record.kind) {
    case 'step': {
      const { error, details, usage } = record;
      const data =
        error === null && details === null && usage === null ? null : JSON.stringify({ error, details, usage });
      return [
        'step',
        record.key,
        record.type,
        record.phase,
        record.attempt,
        record.inputHash,
        record.dueAt,
        data,
        record.output,
      ];
    }
    case 'status': {
      // The output lies in the row of the execution: long text is stored once.
      const { error, reason, wakeAt } = record;
      const plain = error === undefined && reason === undefined;
      return [
        'status',
        null,
        record.status,
        null,
        null,
        null,
        wakeAt ?? null,
        plain ? null : JSON.stringify({ error, reason }),
        null,
      ];
    }
    case 'message': {
      const { message } = record;
      const data = message.memberId === null ? null : JSON.stringify({ memberId: message.memberId });
      return ['message', message.stepKey, message.role, message.kind, null, null, null, data, message.text];
    }
  }
}

interface StepData {
  readonly error: Failure | null;
  readonly details: string | null;
  readonly usage: Usage | null;
}

/** The record of a row. The casts are safe because only `journalColumns` writes rows. */
export function journaled(row: JournalRow): Journaled {
  const [seq, at, kind, key, type, phase, attempt, inputHash, dueAt, data, text] = row;
  if (kind === 'step') {
    const more = data === null ? { error: null, details: null, usage: null } : (JSON.parse(data) as StepData);
    return {
      seq,
      at,
      kind: 'step',
      key: key ?? '',
      type: type as StepType,
      phase: phase as StepPhase,
      attempt: attempt ?? 1,
      inputHash,
      output: text,
      error: more.error,
      dueAt,
      details: more.details,
      usage: more.usage,
    };
  }
  if (kind === 'status') {
    const more = data === null ? {} : (JSON.parse(data) as { error?: Failure; reason?: string });
    return {
      seq,
      at,
      kind: 'status',
      status: type as ExecutionStatus,
      ...(text === null ? {} : { output: text }),
      ...more,
      wakeAt: dueAt,
    };
  }
  const more = data === null ? {} : (JSON.parse(data) as { memberId?: string });
  return {
    seq,
    at,
    kind: 'message',
    message: {
      role: type as MessageRole,
      kind: phase as MessageKind,
      memberId: more.memberId ?? null,
      text: text ?? '',
      stepKey: key,
    },
  };
}

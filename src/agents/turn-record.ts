import { z } from 'zod';
import { SquadraError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { RecordedCall } from '../workflows/asker.ts';
import { plannedCall } from './planned-call.ts';

const recordedReasoning = z.object({ text: z.string(), metadata: z.custom<Json>().exactOptional() });

/** What a model step stores of an answer beside its text, which lies in its message. */
const turnRecord = z.object({
  /** Whether the ask ends with it. */
  accepted: z.boolean(),
  calls: z.array(plannedCall).optional(),
  reasoning: z.array(recordedReasoning).optional(),
});

export type TurnRecord = Readonly<z.infer<typeof turnRecord>>;
export type RecordedReasoning = Readonly<z.infer<typeof recordedReasoning>>;

/** The committed answer of a turn, and its text. */
export function readTurn({ output, messages }: RecordedCall): TurnRecord & { readonly text: string } {
  const { success, data, error } = turnRecord.safeParse(output);
  if (!success) throw new SquadraError('STORE_CORRUPT', 'A stored answer of a model cannot be read.', { cause: error });
  return { ...data, text: messages[0]?.text ?? '' };
}

const resultRecord = z.object({ ok: z.boolean() });

/** Whether a committed tool call went well, and what the model was told. */
export function readResult({ output, messages }: RecordedCall): { readonly text: string; readonly isError: boolean } {
  return { text: messages[0]?.text ?? '', isError: resultRecord.safeParse(output).data?.ok !== true };
}

const notesRecord = z.object({ notes: z.string(), kept: z.number() });

/** What a committed compaction left. */
export function readNotes(output: Json): { readonly notes: string; readonly kept: number } {
  const { success, data, error } = notesRecord.safeParse(output);
  if (!success) throw new SquadraError('STORE_CORRUPT', 'Stored notes of a model cannot be read.', { cause: error });
  return data;
}

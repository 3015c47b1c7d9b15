import { toFailure } from '../kernel/failure.ts';
import { decodeJson } from '../kernel/json.ts';
import type { Json } from '../kernel/json.ts';
import type { Outcome } from '../work/execution-store.ts';
import type { StatusRecord } from '../work/journal.ts';

/** What the last record of a run says, as its caller sees it. */
export function outcomeFrom({ output, error }: StatusRecord): Outcome<Json> {
  return error === undefined
    ? { status: 'completed', output: decodeJson(output ?? 'null') }
    : { status: 'failed', error };
}

/** The record that ends a run with an error. */
export function failed(error: unknown): StatusRecord {
  return { kind: 'status', status: 'failed', error: toFailure(error) };
}

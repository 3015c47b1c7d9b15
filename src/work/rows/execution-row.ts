import type { Failure } from '../../kernel/failure.ts';
import { decodeJson } from '../../kernel/json.ts';
import type { Execution, ExecutionStatus } from '../execution.ts';
import { text, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { Row } from './row.ts';
import { usageAt, usageColumnNames } from './usage-columns.ts';

/** The columns of an execution in the order of `executionOf`. */
export const executionColumnNames = `id, tenant, workflow, squad_id, squad_version, status, priority, epoch, version, input, output, error, reason, metadata,
  ${usageColumnNames},
  wake_at, created_at, started_at, ended_at, user_id, traceparent, convoy_item`;

/** Maps a row of `executionColumnNames`. The casts are safe because only this adapter writes the columns. */
export function executionOf(row: Row): Execution {
  const error = textOrNull(row[11]);
  const output = textOrNull(row[10]);
  return {
    id: text(row[0]),
    tenant: text(row[1]),
    workflow: text(row[2]),
    squadId: textOrNull(row[3]),
    squadVersion: wholeOrNull(row[4]),
    status: row[5] as ExecutionStatus,
    priority: whole(row[6]),
    epoch: whole(row[7]),
    version: whole(row[8]),
    input: decodeJson(text(row[9])),
    output: output === null ? null : decodeJson(output),
    error: error === null ? null : (JSON.parse(error) as Failure),
    reason: textOrNull(row[12]),
    metadata: decodeJson(text(row[13])),
    usage: usageAt(row, 14),
    wakeAt: wholeOrNull(row[22]),
    createdAt: whole(row[23]),
    startedAt: wholeOrNull(row[24]),
    endedAt: wholeOrNull(row[25]),
    userId: textOrNull(row[26]),
    traceparent: textOrNull(row[27]),
    convoyItemId: textOrNull(row[28]),
  };
}

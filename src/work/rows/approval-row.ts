import type { Approval, ApprovalStatus } from '../approval-store.ts';
import { text, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { Row } from './row.ts';

/** The columns of an approval in the order of `approvalOf`. */
export const approvalColumnNames =
  'id, execution_id, step_key, title, details, choices, status, choice, by, comment, text, created_at, answered_at';

/** Maps a row of `approvalColumnNames`. The casts are safe because only this adapter writes the columns. */
export function approvalOf(row: Row): Approval {
  return {
    id: text(row[0]),
    executionId: text(row[1]),
    stepKey: text(row[2]),
    title: text(row[3]),
    details: textOrNull(row[4]),
    choices: JSON.parse(text(row[5])) as string[],
    status: row[6] as ApprovalStatus,
    choice: textOrNull(row[7]),
    by: textOrNull(row[8]),
    comment: textOrNull(row[9]),
    text: textOrNull(row[10]),
    createdAt: whole(row[11]),
    answeredAt: wholeOrNull(row[12]),
  };
}

import { usageColumnList, usageColumnNames } from '../rows/usage-columns.ts';
import { workItemColumnNames } from '../rows/work-item-row.ts';

/** A usage in one column; NULL for the many rows without any, which spares them eight numbers. */
const usageColumn = `CASE WHEN model_calls > 0 THEN json_array(${usageColumnNames}) END`;

/** The columns of a work item as `workItemOf` reads them. */
export const workItemRowSql = `${workItemColumnNames}, ${usageColumn}`;

const additions = usageColumnList.map((name) => `${name} = ${name} + ?`).join(', ');

/** Adds the columns of `usageColumns` to an execution by its number. */
export const addUsageSql = `UPDATE executions SET ${additions} WHERE no = ?`;

/** Adds them to the work item of an ask: execution, key of the ask, tenant. A count is no change of the item, so its version stays. */
export const addItemUsageSql = `UPDATE work_items SET ${additions} WHERE execution_id = ? AND step_key = ? AND +tenant = ?`;

import { executionTables } from './execution-tables.ts';
import { fleetTables } from './fleet-tables.ts';
import { itemTables } from './item-tables.ts';
import { squadTables } from './squad-tables.ts';

/**
 * The tables of a fleet. Times are epoch milliseconds; JSON is text; identifiers compare byte by byte.
 *
 * `executions.last_seq` and `commits` number the records of an execution and the commits of its present claim: each write of a
 * run names both epoch and commit, so one that is sent again after a lost answer takes effect once. `journal.xid` is the
 * transaction that wrote a record: who follows the feed reads what is older than all that still write, so no cursor passes over a
 * record whose commit came late.
 *
 * `metric_counted` says up to which record of the journal, in the order of the feed, the figures of minutes are counted.
 *
 * `live_events` is how processes tell each other of what happens now: gone after a crash of the server, and after half a minute. Its
 * numbers are a sequence of their own, which a crash does not set back.
 *
 * `outbox` holds what an engine is to be told: that an execution wants to be advanced. A row goes when a claim shows that it was.
 * `handed_at` is set while somebody has taken it, or the engine has it; from `due_at` on it may be taken again. `handover` has one
 * row, which whoever takes rows locks: how many more may be taken until it is counted again, how many queued ones were taken since
 * the beginning, and the tenant whose turn was last.
 *
 * `state_move` has a row where the state of one process was moved here: how far that came, and what was in the tables at its end.
 */
export const firstSchema = [executionTables, itemTables, squadTables, fleetTables].join('');

import { z } from 'zod';
import { cacheKey } from '../cache/cache.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { Usage } from '../work/usage.ts';
import type { ExecutionUsage } from '../work/usage-report.ts';
import { invalidCursor, readPageBy } from './page.ts';
import type { Page, PageFormat, PageRequest } from './page.ts';
import { reportUsage } from './usage-report.ts';
import type { UsageReportParts } from './usage-report.ts';

/** What costs can be told by; a day is one in UTC, a model is told as `provider/model`. */
export const costGroupings = ['day', 'squad', 'member', 'model', 'execution'] as const;
export type CostGrouping = (typeof costGroupings)[number];

/** Which costs: of executions submitted from a time on (included) and before another. */
export interface CostRequest extends PageRequest {
  readonly groupBy: CostGrouping;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** Tokens and money. `unpricedCalls` are of models without a known price: what they cost is in no sum. */
export interface CostFigures extends Usage {
  /** Those that made model calls. */
  readonly executions: number;
}

export interface CostLine extends CostFigures {
  /** The day as `2026-01-31`, the id of the squad, member or execution, or the model; null for what is of none. */
  readonly key: string | null;
  /** Of the squad or member as long as it is known; of an execution what was asked for; else as the key. */
  readonly name: string | null;
}

/** The sum over everything that was asked for, and a page of its parts: days newest first, all others the dearest first. */
export interface CostReport extends Page<CostLine> {
  readonly groupBy: CostGrouping;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly total: CostFigures;
}

/**
 * Tells what was spent, from the rows of executions and of their asks. Throws `INVALID_INPUT` for a time that is none or an end
 * before the beginning, `INVALID_CURSOR`.
 */
export async function reportCosts(parts: UsageReportParts, tenant: string, request: CostRequest): Promise<CostReport> {
  const { groupBy, from, to } = request;
  if (from !== undefined && to !== undefined && from.getTime() > to.getTime())
    throw new SquadraError('INVALID_INPUT', "'to' is before 'from'.");
  const time = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const report = await reportUsage(parts, tenant, groupBy === 'execution' ? time : { ...time, groupBy });
  const page =
    groupBy === 'execution'
      ? await executionLines(parts, tenant, request)
      : await groupLines(
          report.groups.map(({ executions, usage, ...of }) => lineOf({ ...of, executions, usage }, groupBy)),
          request,
        );
  const { executions, usage } = report.total;
  return { groupBy, from: from ?? null, to: to ?? null, total: { executions, ...usage }, ...page };
}

function lineOf(
  group: {
    readonly key: string | null;
    readonly name: string | null;
    readonly executions: number;
    readonly usage: Usage;
  },
  groupBy: CostGrouping,
): CostLine {
  const { key, name, executions, usage } = group;
  const isItsOwnName = groupBy === 'day' || groupBy === 'model';
  return { key, name: isItsOwnName ? key : name, executions, ...usage };
}

/** Behind an item: what it cost, and its key. Days come in their own order, whatever they cost. */
const placeSchema = z.tuple([z.int().min(0), z.string().nullable()]);
type Place = z.infer<typeof placeSchema>;

const format: PageFormat<CostLine, Place> = {
  write: ({ costMicroUsd, key }) => Buffer.from(JSON.stringify([costMicroUsd, key])).toString('base64url'),
  read: (cursor) => {
    const parsed = placeSchema.safeParse(parseOrNull(Buffer.from(cursor, 'base64url').toString()));
    if (parsed.success) return parsed.data;
    throw invalidCursor(cursor);
  },
};

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function groupLines(lines: readonly CostLine[], request: CostRequest): Promise<Page<CostLine>> {
  const compare = request.groupBy === 'day' ? newestFirst : dearestFirst;
  const sorted = lines.toSorted((a, b) => compare(placeOf(a), placeOf(b)));
  return readPageBy(format, request, async (limit, after) => {
    const rest = after === undefined ? sorted : sorted.filter((line) => compare(placeOf(line), after) > 0);
    return rest.slice(0, limit);
  });
}

const placeOf = ({ costMicroUsd, key }: CostLine): Place => [costMicroUsd, key];

function newestFirst([, a]: Place, [, b]: Place): number {
  return compareText(b ?? '', a ?? '');
}

function dearestFirst([costA, a]: Place, [costB, b]: Place): number {
  return costB - costA || compareText(a ?? '', b ?? '');
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function executionLines(
  { usage, reads }: UsageReportParts,
  tenant: string,
  { from, to, ...request }: CostRequest,
): Promise<Page<CostLine>> {
  const time = {
    ...(from === undefined ? {} : { from: from.getTime() }),
    ...(to === undefined ? {} : { to: to.getTime() }),
  };
  return readPageBy(format, request, async (limit, place) => {
    const after = place === undefined ? {} : { after: { costMicroUsd: place[0], id: place[1] ?? '' } };
    const filter = { ...time, ...after, limit };
    const key = cacheKey('executions', tenant, JSON.stringify(filter));
    const found = await reads.read(key, () => usage.executions(tenant, filter));
    return found.map((execution) => ({
      key: execution.id,
      name: titleOf(execution),
      executions: 1,
      ...execution.usage,
    }));
  });
}

const maxTitleLength = 80;

/** The first line of the request that says something, without its markup, or the workflow. */
function titleOf({ request, workflow }: ExecutionUsage): string {
  const line = (request ?? '').split('\n').find((each) => /[\p{L}\p{N}]/u.test(each));
  const title = line?.replace(/^[\s#*>-]+/, '').trim() ?? workflow;
  return title.length <= maxTitleLength ? title : `${title.slice(0, maxTitleLength - 1)}…`.toWellFormed();
}

import { cacheKey, costTag, tenantTag } from '../cache/cache.ts';
import type { Cache } from '../cache/cache.ts';
import { SquadraError } from '../kernel/errors.ts';
import { usageGroupings } from '../work/usage-report.ts';
import type { UsageFilter, UsageGroup, UsageGrouping, UsageReports } from '../work/usage-report.ts';
import type { Usage } from '../work/usage.ts';
import type { CoalescedReads } from './coalesced-reads.ts';
import type { SquadDirectory } from './squad-directory.ts';

/** What a report of usage can be narrowed to; `squad` takes an id or a name, the times are those of submission. */
export interface UsageOptions {
  readonly squad?: string;
  /** Included. */
  readonly from?: Date;
  /** Not included. */
  readonly to?: Date;
  readonly groupBy?: UsageGrouping;
}

/** What the executions of one group came to. */
export interface UsageLine {
  /** Id of the squad or member, name of the workflow or model (`provider/model`), or the day (UTC) as `2026-01-31`; null for executions without one. */
  readonly key: string | null;
  /** Of the squad or member, as long as it is known. */
  readonly name: string | null;
  /** Those that made model calls. */
  readonly executions: number;
  readonly usage: Usage;
}

/** A report of usage: the sum, and its parts where a grouping was asked for, the dearest first. */
export interface UsageReport {
  readonly total: Omit<UsageLine, 'key' | 'name'>;
  readonly groups: readonly UsageLine[];
}

const knownOptions = new Set(['squad', 'from', 'to', 'groupBy']);

export interface UsageReportParts {
  readonly usage: UsageReports;
  readonly directory: Pick<SquadDirectory, 'get' | 'pinned'>;
  readonly cache: Pick<Cache, 'get'>;
  /** Reports over much take a while, and many may ask for one as soon as something has ended. */
  readonly reads: Pick<CoalescedReads, 'read'>;
}

/**
 * Sums what is stored; what retention deleted is not in it. What an execution has come to so far may be missing for a minute; it is
 * in as soon as the execution ends. Throws `INVALID_INPUT`, or `NOT_FOUND` for an unknown squad.
 */
export async function reportUsage(
  parts: UsageReportParts,
  tenant: string,
  options: UsageOptions,
): Promise<UsageReport> {
  check(options);
  const { squad, from, to, groupBy } = options;
  const key = cacheKey(tenant, squad ?? null, from?.getTime() ?? null, to?.getTime() ?? null, groupBy ?? null);
  const tags = [tenantTag(tenant), costTag(tenant)];
  return parts.cache.get('cost', key, tags, () => parts.reads.read(key, () => readUsage(parts, tenant, options)));
}

async function readUsage(
  { usage, directory }: UsageReportParts,
  tenant: string,
  options: UsageOptions,
): Promise<UsageReport> {
  const { squad, from, to, groupBy = null } = options;
  const filter: UsageFilter = {
    ...(squad === undefined ? {} : { squadId: (await directory.get(tenant, squad)).id }),
    ...(from === undefined ? {} : { from: from.getTime() }),
    ...(to === undefined ? {} : { to: to.getTime() }),
    groupBy,
  };
  const [total] = await usage.usage(tenant, { ...filter, groupBy: null });
  if (total === undefined) throw new SquadraError('INTERNAL', 'The sum of the usage is missing.');
  const groups = groupBy === null ? [] : await usage.usage(tenant, filter);
  return {
    total: { executions: total.executions, usage: total.usage },
    groups: await Promise.all(groups.map((group) => lineOf(directory, tenant, group, groupBy))),
  };
}

async function lineOf(
  directory: UsageReportParts['directory'],
  tenant: string,
  { key, squad, executions, usage }: UsageGroup,
  groupBy: UsageGrouping | null,
): Promise<UsageLine> {
  const isNamed = (groupBy === 'squad' || groupBy === 'member') && squad !== null;
  const found = isNamed ? await directory.pinned(tenant, squad.id, squad.version) : null;
  const member = groupBy === 'member' ? found?.members.find(({ id }) => id === key) : undefined;
  return { key, name: (groupBy === 'squad' ? found?.name : member?.name) ?? null, executions, usage };
}

function check({ from, to, groupBy, ...rest }: UsageOptions): void {
  for (const name of Object.keys(rest))
    if (!knownOptions.has(name))
      throw invalid(`'${name}' is no option; those there are: ${[...knownOptions].join(', ')}`);
  for (const [name, time] of Object.entries({ from, to }))
    if (time !== undefined && Number.isNaN(time.getTime())) throw invalid(`'${name}' is no date`);
  if (groupBy !== undefined && !usageGroupings.includes(groupBy))
    throw invalid(`'groupBy' is '${String(groupBy)}'; use ${usageGroupings.join(', ')}`);
}

function invalid(why: string): SquadraError {
  return new SquadraError('INVALID_INPUT', `The report of usage was refused: ${why}.`);
}

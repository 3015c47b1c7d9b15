import type { Clock } from '../../kernel/clock.ts';
import type {
  ChildStart,
  ConvoyStore,
  CreatedConvoy,
  DueConvoy,
  ItemStart,
  NewConvoy,
  ReadyStart,
  SharedConvoys,
  StartedItem,
  StoppedConvoy,
} from '../convoy-store.ts';
import type { Claim } from '../execution-store.ts';
import { whole } from '../rows/columns.ts';
import type { Database } from './database.ts';
import { claimExecution } from './operations/claiming.ts';
import type { ClaimedRows } from './operations/claiming.ts';
import { pruneConvoys } from './operations/convoy-retention.ts';
import { startItem, startReady } from './operations/convoy-start.ts';
import { createConvoy, retryConvoy, stopConvoy } from './operations/convoys.ts';
import { openConvoyOf, PostgresConvoyReports } from './postgres-convoy-reports.ts';
import { dueConvoys } from './queries/convoys.ts';

/** Convoys of a fleet. */
export class PostgresConvoyStore extends PostgresConvoyReports implements ConvoyStore, SharedConvoys {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #metrics: boolean;
  readonly #open: (claimed: ClaimedRows) => Claim;

  constructor(
    database: Database,
    clock: Clock,
    { metrics }: { readonly metrics: boolean },
    /** Makes a claim out of what was claimed with the start of an item. */
    open: (claimed: ClaimedRows) => Claim,
  ) {
    super(database);
    this.#open = open;
    this.#database = database;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  async due(now: number, page: { readonly after: number; readonly limit: number }): Promise<readonly DueConvoy[]> {
    return (await dueConvoys(this.#database, now, page)).map(([no, inProgress, ready, ...row]) => ({
      ...openConvoyOf(row),
      no: whole(no),
      inProgress: whole(inProgress),
      ready: whole(ready),
    }));
  }

  create(tenant: string, made: NewConvoy): Promise<CreatedConvoy> {
    return this.#database.transaction((statements) => createConvoy(statements, tenant, made));
  }

  async start(
    tenant: string,
    convoyId: string,
    itemId: string,
    { executionId, accepted }: ItemStart,
  ): Promise<StartedItem> {
    const at = this.#clock.now();
    const place = { tenant, convoyId, at, ids: () => executionId };
    const started = await this.#database.transaction(async (statements) => {
      const child = await startItem(statements, place, itemId);
      // A child that goes on where it failed is the engine's to start.
      const isClaimed = accepted === 'running' && child?.executionId === executionId;
      return { child, claimed: isClaimed ? await claimExecution(statements, tenant, executionId, at) : null };
    });
    const { child, claimed } = started;
    if (claimed !== null) return { kind: 'running', claim: this.#open(claimed) };
    return child === null ? null : { kind: 'queued', executionId: child.executionId, priority: child.priority };
  }

  startReady(tenant: string, convoyId: string, { allowed, at, ids }: ReadyStart): Promise<readonly ChildStart[]> {
    const place = { tenant, convoyId, at, ids };
    return this.#database.transaction((statements) => startReady(statements, place, allowed));
  }

  stop(tenant: string, id: string, status: 'cancelled' | 'failed', reason: string): Promise<StoppedConvoy> {
    const command = { tenant, id, at: this.#clock.now() };
    return this.#database.transaction((statements) => stopConvoy(statements, command, status, reason));
  }

  retry(tenant: string, id: string, commandId?: string): Promise<void> {
    const command = { tenant, id, at: this.#clock.now() };
    return this.#database.transaction((statements) => retryConvoy(statements, command, commandId ?? null));
  }

  prune(endedBefore: number, atMost: number): Promise<number> {
    return this.#database.transaction((statements) => pruneConvoys(statements, endedBefore, atMost, this.#metrics));
  }
}

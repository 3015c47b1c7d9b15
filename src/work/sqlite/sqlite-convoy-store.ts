import type { Clock } from '../../kernel/clock.ts';
import type { ConvoyItem, CountedConvoy } from '../convoy.ts';
import type {
  ConvoyFilter,
  ConvoyReports,
  ConvoyStore,
  CreatedConvoy,
  ItemStart,
  NewConvoy,
  OpenConvoy,
  StartedItem,
  StoppedConvoy,
} from '../convoy-store.ts';
import type { ExecutionStatus } from '../execution.ts';
import { noUsage } from '../usage.ts';
import type { Usage } from '../usage.ts';
import { text } from '../rows/columns.ts';
import { convoyItemOf, convoyOf, newConvoyColumns, newConvoyItemColumns, withCounts } from '../rows/convoy-row.ts';
import { executionOf } from '../rows/execution-row.ts';
import { SqliteJournalSession } from './journal-session.ts';
import type { ConvoyRows } from './queries/convoys.ts';
import type { ReaderPool } from './reader-pool.ts';
import { usageAt } from '../rows/usage-columns.ts';
import type { Writer } from './writer.ts';

export class SqliteConvoyReports implements ConvoyReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async get(tenant: string, id: string): Promise<CountedConvoy | null> {
    return counted(await this.#readers.run('convoy', { tenant, id }))[0] ?? null;
  }

  async list(tenant: string, filter: ConvoyFilter): Promise<readonly CountedConvoy[]> {
    return counted(await this.#readers.run('convoys', { tenant, filter }));
  }

  async items(tenant: string, id: string): Promise<readonly ConvoyItem[]> {
    return (await this.#readers.run('convoyItems', { tenant, id })).map(convoyItemOf);
  }

  async usage(tenant: string, id: string): Promise<Usage> {
    const row = await this.#readers.run('convoyUsage', { tenant, id });
    return row === undefined ? noUsage : usageAt(row, 0);
  }

  async results(tenant: string, id: string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#readers.run('convoyResults', { tenant, id });
    return new Map(rows.map(([key, result]) => [text(key), typeof result === 'string' ? result : '']));
  }

  async open(): Promise<readonly OpenConvoy[]> {
    return (await this.#readers.run('openConvoys', {})).map(([tenant, parentStatus, ...row]) => ({
      tenant: text(tenant),
      convoy: convoyOf(row),
      parentStatus: parentStatus === null ? null : (parentStatus as ExecutionStatus),
    }));
  }
}

/** Convoys on one SQLite file. */
export class SqliteConvoyStore extends SqliteConvoyReports implements ConvoyStore {
  readonly #writer: Writer;
  readonly #clock: Clock;

  constructor(writer: Writer, readers: ReaderPool, clock: Clock) {
    super(readers);
    this.#writer = writer;
    this.#clock = clock;
  }

  create(tenant: string, { convoy, items, idempotency, traceparent }: NewConvoy): Promise<CreatedConvoy> {
    const [columns, rows] = [newConvoyColumns(convoy), items.map(newConvoyItemColumns)];
    const asked = idempotency === null ? null : ([idempotency.key, idempotency.requestHash] as const);
    return this.#writer.run('createConvoy', [tenant, columns, rows, convoy.createdAt, asked, traceparent]);
  }

  async start(
    tenant: string,
    convoyId: string,
    itemId: string,
    { executionId, accepted }: ItemStart,
  ): Promise<StartedItem> {
    const at = this.#clock.now();
    const started = await this.#writer.run('startItem', [tenant, convoyId, itemId, executionId, accepted, at]);
    if (started === null) return null;
    const { no, row, priority } = started;
    if (row === null) return { kind: 'queued', executionId: started.executionId, priority };
    const place = { tenant, executionId, no, epoch: 1 };
    const session = new SqliteJournalSession(this.#writer, this.#clock, place);
    return { kind: 'running', claim: { execution: executionOf(row), records: [], signals: [], session } };
  }

  stop(tenant: string, id: string, status: 'cancelled' | 'failed', reason: string): Promise<StoppedConvoy> {
    return this.#writer.run('stopConvoy', [tenant, id, status, reason, this.#clock.now()]);
  }

  retry(tenant: string, id: string, commandId?: string): Promise<void> {
    return this.#writer.run('retryConvoy', [tenant, id, this.#clock.now(), commandId ?? null]);
  }

  prune(endedBefore: number, atMost: number): Promise<number> {
    return this.#writer.run('pruneConvoys', [endedBefore, atMost]);
  }
}

function counted({ convoys, counts }: ConvoyRows): CountedConvoy[] {
  return withCounts(convoys.map(convoyOf), counts);
}

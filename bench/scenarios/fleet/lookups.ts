import { join } from 'node:path';
import { PgBouncerServer } from '../../../scripts/fleet/pgbouncer-server.ts';
import { PostgresServer } from '../../../scripts/fleet/postgres-server.ts';
import { readSettings } from '../../../src/config/settings.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { openPostgresState } from '../../../src/work/postgres/postgres-state.ts';
import type { PostgresState } from '../../../src/work/postgres/postgres-state.ts';
import { onSchedule } from '../../load/schedule.ts';
import { percentiles } from '../../measure/statistics.ts';

export interface LookupSizes {
  readonly executions: number;
  readonly seconds: number;
  readonly perSecond: number;
}

export type Latencies = ReturnType<typeof percentiles>;

export interface Lookups {
  readonly squad: Latencies;
  readonly squads: Latencies;
  readonly execution: Latencies;
  readonly executions: Latencies;
  readonly lagP99Ms: number;
}

const tenants = 1_000;
const squadsEach = 10;
/** So many rows in one statement. */
const atOnce = 100_000;

/** What reading one thing of a large database takes, through the pooler, as often as that on a schedule. */
export async function measureLookups(
  folder: string,
  sizes: LookupSizes,
  progress: (line: string) => void,
): Promise<Lookups> {
  await using postgres = await PostgresServer.start({ folder: join(folder, 'postgres') });
  await using pooler = await PgBouncerServer.start({
    folder: join(folder, 'pgbouncer'),
    postgresUrl: postgres.url(),
    poolSize: 20,
  });
  const settings = readSettings({}, { databaseTimeoutMs: 120_000 });
  await using state = await openPostgresState({ ...settings, databaseUrl: pooler.url() }, systemClock);
  await fill(state, sizes.executions);
  progress(`${sizes.executions} executions are stored`);
  const random = (below: number): number => Math.floor(Math.random() * below);
  const lags: number[] = [];
  const timed = async (look: () => Promise<unknown>): Promise<Latencies> => {
    await measure({ ...sizes, seconds: 1 }, look);
    const { latencies, lagP99Ms } = await measure(sizes, look);
    lags.push(lagP99Ms);
    return percentiles(latencies);
  };
  const squad = await timed(() => {
    const n = random(tenants * squadsEach);
    return found(state.squads.find(tenantOf(n % tenants), squadId(n)));
  });
  const squads = await timed(() => state.squads.list(tenantOf(random(tenants)), { limit: 50 }));
  const execution = await timed(() => {
    const n = random(sizes.executions) + 1;
    return found(state.reports.get(tenantOf(n % tenants), executionId(n)));
  });
  const executions = await timed(() => {
    const n = random(tenants * squadsEach);
    return state.reports.list(tenantOf(n % tenants), { squadId: squadId(n), status: 'completed', limit: 50 });
  });
  return { squad, squads, execution, executions, lagP99Ms: Math.max(...lags) };
}

async function measure({ perSecond, seconds }: LookupSizes, look: () => Promise<unknown>) {
  const latencies: number[] = [];
  const open: Promise<void>[] = [];
  const lags = await onSchedule({ perSecond, count: perSecond * seconds }, (intendedAt) => {
    open.push(look().then(() => void latencies.push(performance.now() - intendedAt)));
  });
  await Promise.all(open);
  return { latencies, lagP99Ms: percentiles(lags).p99 };
}

async function found<T>(look: Promise<T | null>): Promise<T> {
  const one = await look;
  if (one === null) throw new Error('What is stored was not found.');
  return one;
}

/** Tenants by their number, squads and executions too: `n % tenants` is whose they are. */
const tenantOf = (n: number): string => `tenant-${n}`;
const squadId = (n: number): string => `01930000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
/** Ids grow with time, as those of executions do. */
const executionId = (n: number): string =>
  `0194${n.toString(16).padStart(8, '0').slice(0, 4)}-${n.toString(16).padStart(8, '0').slice(4)}-7000-8000-000000000000`;

async function fill({ database }: PostgresState, executions: number): Promise<void> {
  await database.run(
    `INSERT INTO squads (tenant, id, name, version, user_id, body)
      SELECT 'tenant-' || n % ${tenants}, '01930000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'squad-' || n, 1, 'user-' || n % 7,
        json_build_object('id', '01930000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'name', 'squad-' || n, 'version', 1,
          'members', json_build_array(), 'description', repeat('d', 500))::text
        FROM generate_series(0, ${tenants * squadsEach - 1}) AS n`,
  );
  for (let first = 1; first <= executions; first += atOnce) {
    await database.run(
      `INSERT INTO executions (tenant, id, epoch, commits, last_seq, status, version, priority, workflow, squad_id, squad_version, created_at,
          started_at, ended_at, is_request, input_tokens, output_tokens, cost_micro_usd, model_calls, metadata, error, input, output)
        SELECT 'tenant-' || n % ${tenants}, '0194' || left(hex, 4) || '-' || right(hex, 4) || '-7000-8000-000000000000', 1, 4, 7, status, 4, 0,
          'pipeline', '01930000-0000-7000-8000-' || lpad(to_hex(n % ${tenants * squadsEach}), 12, '0'), 1, at, at + 10,
          CASE WHEN status IN ('completed', 'failed') THEN at + 5000 END, 1, 2000, 500, 1200, 3, '{}', CASE WHEN status = 'failed' THEN '{}' END,
          json_build_object('text', repeat('i', 180))::text, CASE WHEN status = 'completed' THEN to_json(repeat('o', 300))::text END
        FROM (SELECT n, lpad(to_hex(n), 8, '0') AS hex, 1750000000000 + n::bigint * 20 AS at,
            CASE WHEN n % 1000 = 0 THEN 'waiting' WHEN n % 50 = 0 THEN 'failed' ELSE 'completed' END AS status
          FROM generate_series($1::bigint, $2::bigint) AS n) AS given`,
      first,
      Math.min(executions, first + atOnce - 1),
    );
  }
  await database.run('ANALYZE executions, squads');
  // What was stored just now goes to the disk before anybody looks.
  await database.run('CHECKPOINT');
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { PgBouncerServer } from '../../scripts/fleet/pgbouncer-server.ts';
import { startPostgres } from './started-postgres.ts';

/** Before each PostgreSQL a PgBouncer that has two connections for each database: all of the project's tests go through one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { urls, end } = await startPostgres(project.config.maxWorkers);
  const folders = urls.map(() => mkdtempSync(join(tmpdir(), 'squadra-pgbouncer-')));
  const starting = urls.map((postgresUrl, place) =>
    PgBouncerServer.start({ folder: folders[place] ?? '', postgresUrl, poolSize: 2 }),
  );
  const poolers = await Promise.all(starting);
  project.provide('postgresUrls', urls);
  project.provide(
    'pooledUrls',
    poolers.map((pooler) => pooler.url()),
  );
  return async () => {
    await Promise.all(poolers.map((pooler) => pooler.end()));
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    await end();
  };
}

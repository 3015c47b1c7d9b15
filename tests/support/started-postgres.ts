import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../../scripts/fleet/postgres-server.ts';

/** Of a project of tests, what is used here. */
interface Provided {
  readonly config: { readonly maxWorkers: number };
  provide(name: 'postgresUrls', urls: readonly string[]): void;
}

/**
 * A PostgreSQL for each worker of the project: what follows the feed waits for whatever writes anywhere on the same server. With
 * `DATABASE_URL` that one server, for the one worker that there is then.
 */
export async function setup(project: Provided): Promise<() => Promise<void>> {
  const { urls, end } = await startPostgres(project.config.maxWorkers);
  project.provide('postgresUrls', urls);
  return end;
}

export async function startPostgres(
  workers: number,
): Promise<{ readonly urls: readonly string[]; readonly end: () => Promise<void> }> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return { urls: [given], end: () => Promise.resolve() };
  const folders = Array.from({ length: workers }, () => mkdtempSync(join(tmpdir(), 'squadra-postgres-')));
  const servers = await Promise.all(folders.map((folder) => PostgresServer.start({ folder, isDurable: false })));
  return {
    urls: servers.map((server) => server.url()),
    end: async () => {
      await Promise.all(servers.map((server) => server.end()));
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

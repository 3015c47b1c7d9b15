import type { DatabaseSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { toFailure } from '../../kernel/failure.ts';
import { openForWriting } from './read-write.ts';
import { MetricNotes } from './metric-notes.ts';
import { openMetrics } from './operations/metrics.ts';
import { storeError } from './sqlite-failure.ts';
import { writeGroups } from './write-group.ts';
import type { Batch, GroupReply } from './write-group.ts';

/** What the writer thread is started with. */
export interface WriteThreadData {
  readonly path: string;
  /** Milliseconds added to every commit, to see what a slow disk does. */
  readonly commitDelayMs: number;
  /** Whether metrics are kept. */
  readonly metrics: boolean;
}

/** One group is at most this many operations, so that the first of them does not wait for long. */
const maxGroup = 1_000;

const port = parentPort;
if (port === null) throw new Error('This file is the start of a thread, not of a program.');
const { path, commitDelayMs, metrics } = workerData as WriteThreadData;

function slowDisk(): () => void {
  if (commitDelayMs === 0) return () => {};
  const never = new Int32Array(new SharedArrayBuffer(4));
  return () => void Atomics.wait(never, 0, 0, commitDelayMs);
}

/** Takes what has arrived meanwhile into the same group, and answers each message for itself. */
function serve(database: DatabaseSync): void {
  if (metrics) openMetrics(database);
  const write = writeGroups(database, path, slowDisk(), metrics ? new MetricNotes() : null);
  port?.on('message', (first: Batch | null) => {
    const batches: Batch[] = [];
    let operations = 0;
    let message: { message: Batch | null } | undefined = { message: first };
    let closing = false;
    while (message !== undefined) {
      if (message.message === null) {
        closing = true;
        break;
      }
      batches.push(message.message);
      operations += message.message.length / 2;
      message = operations < maxGroup && port !== null ? receiveMessageOnPort(port) : undefined;
    }
    if (batches.length > 0) {
      const start = performance.now();
      const outcome = write(batches.length === 1 ? (batches[0] ?? []) : batches.flat());
      port?.postMessage({
        ...outcome,
        messages: batches.length,
        durationMs: performance.now() - start,
      } satisfies GroupReply);
    }
    if (closing) {
      // What was counted need not be counted again by the next process.
      if (metrics) write(['keepMetrics', []]);
      database.close();
      port?.postMessage('closed');
      port?.close();
    }
  });
}

try {
  const database = openForWriting(path);
  serve(database);
  port.postMessage('open');
} catch (error) {
  port.postMessage({
    values: [],
    failures: [[0, toFailure(storeError(error, path))]],
    messages: 0,
    durationMs: 0,
  } satisfies GroupReply);
  port.close();
}

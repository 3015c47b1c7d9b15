/**
 * OpenWorkflow on SQLite, client and worker in one process. Its `result()` asks once a second; an execution counts as done
 * when its function has come to its end, which is before its last commit.
 */
import { join } from 'node:path';
import { OpenWorkflow } from 'openworkflow';
import { BackendSqlite } from 'openworkflow/sqlite';
import { input, stepResults } from '../workload/three-steps.ts';
import { argument, drive } from './drive.ts';

const backend = BackendSqlite.connect(join(argument.folder, 'openworkflow.db'));
const client = new OpenWorkflow({ backend });
const ended = new Map<string, () => void>();
const workflow = client.defineWorkflow<typeof input & { key: string }, number>(
  { name: 'three-steps' },
  async ({ input: { key }, step }) => {
    const [one = '', two = '', three = ''] = stepResults;
    const a = await step.run({ name: 'one' }, () => Promise.resolve(one));
    const b = await step.run({ name: 'two' }, () => Promise.resolve(two));
    const c = await step.run({ name: 'three' }, () => Promise.resolve(three));
    ended.get(key)?.();
    return a.length + b.length + c.length;
  },
);
const worker = client.newWorker({ concurrency: argument.atOnce });
await worker.start();
let count = 0;
await drive(async () => {
  const key = String(count++);
  const done = new Promise<void>((resolve) => ended.set(key, resolve));
  await workflow.run({ ...input, key });
  await done;
  ended.delete(key);
});
await worker.stop();
await backend.stop();

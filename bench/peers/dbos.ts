/** DBOS on PostgreSQL with its defaults. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { tell } from '../measure/child.ts';
import { input, stepResults } from '../workload/three-steps.ts';
import { argument, drive } from './drive.ts';
import type { PeerMessage } from './drive.ts';
import { startPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';

async function threeSteps(_input: typeof input): Promise<number> {
  const [one = '', two = '', three = ''] = stepResults;
  const a = await DBOS.runStep(() => Promise.resolve(one), { name: 'one' });
  const b = await DBOS.runStep(() => Promise.resolve(two), { name: 'two' });
  const c = await DBOS.runStep(() => Promise.resolve(three), { name: 'three' });
  return a.length + b.length + c.length;
}

async function measure(postgres: Postgres): Promise<void> {
  const workflow = DBOS.registerWorkflow(threeSteps, { name: 'three-steps' });
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: postgres.url, logLevel: 'error', runAdminServer: false });
  await DBOS.launch();
  await drive(async () => {
    const handle = await DBOS.startWorkflow(workflow)(input);
    await handle.getResult();
  });
  await DBOS.shutdown();
}

try {
  await using postgres = await startPostgres(argument.folder);
  await measure(postgres);
} catch (error) {
  tell<PeerMessage>({ kind: 'skipped', why: String(error) });
}

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { faultPoints } from '../../src/kernel/faults.ts';
import type { FaultPoint } from '../../src/kernel/faults.ts';
import { executionTransitions } from '../../src/work/execution.ts';
import type { Execution, ExecutionStatus } from '../../src/work/execution.ts';
import type { Journaled } from '../../src/work/journal.ts';
import { executionOf } from '../../src/work/rows/execution-row.ts';
import { journaled } from '../../src/work/rows/journal-row.ts';
import type { JournalRow } from '../../src/work/rows/journal-row.ts';
import { queries } from '../../src/work/sqlite/queries/queries.ts';
import { openReadOnly } from '../../src/work/sqlite/read-only.ts';
import { statePaths } from '../../src/work/sqlite/sqlite-state.ts';
import { workItemOf } from '../../src/work/rows/work-item-row.ts';
import { temporaryFolder } from '../work/sqlite/open-state.ts';
import type { Ledger } from './ledger.ts';
import { ending, ledgerOf, openStory, tell } from './story.ts';

/** Every fault point at its first passing, and those that the story passes in more than one way at later ones. */
const rows: readonly (readonly [point: FaultPoint, occurrence: number])[] = [
  ...faultPoints.map((point) => [point, 1] as const),
  // The model's answer, and the failure of the bill.
  ['step.before', 2],
  ['step.after', 2],
  ['step.before', 3],
  ['step.after', 3],
  // Parked for the signal, and woken by it.
  ['park.before', 2],
  ['park.after', 2],
  ['wake.before', 2],
  ['wake.after', 2],
  // The claim of the retry, and the end that is final.
  ['claim.before', 3],
  ['claim.after', 3],
  ['finish.before', 2],
  ['finish.after', 2],
];

/** What the file says, read without running it. */
interface Found {
  readonly executions: readonly Execution[];
  readonly journals: ReadonlyMap<string, readonly Journaled[]>;
  readonly items: readonly string[];
}

/** Compiled code is kept for the children: they start twice as fast. Filled by the one that is not killed. */
const compiled = mkdtempSync(join(tmpdir(), 'squadra-compiled-'));
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

it('the story comes to its end when nothing kills it, each body run once and the bill twice', async () => {
  await using folder = await temporaryFolder();
  expect(await dies(folder.path, 'submit.before', 1_000)).toBe(0);
  const ledger = ledgerOf(folder.path);
  expect(['plan', 'model tester/model/1', 'bill'].map((key) => ledger.timesDone(key))).toEqual([1, 1, 2]);
});

describe.concurrent('killed at', () => {
  it.each(rows)('%s (passing %d): what was promised is there, and nothing committed runs again', async (point, n) => {
    await using folder = await temporaryFolder();
    const stateDir = folder.path;
    expect(await dies(stateDir, point, n)).toBe('SIGKILL');
    const ledger = ledgerOf(stateDir);
    const before = find(stateDir);
    expect(brokenPromises(ledger, before)).toEqual([]);
    expect(faults(before)).toEqual([]);
    const done = timesDone(ledger, before);

    await (async () => {
      await using squadra = await openStory(stateDir, {});
      await tell(squadra, ledger);
    })();

    const after = find(stateDir);
    expect(faults(after)).toEqual([]);
    expect(timesDone(ledger, before)).toEqual(done);
    const outcomes = after.executions.map(({ workflow, status, output }) => ({ workflow, status, output }));
    expect(outcomes.sort((a, b) => (a.workflow < b.workflow ? -1 : 1))).toEqual([
      { workflow: 'other', status: 'cancelled', output: null },
      { workflow: 'story', status: 'completed', output: ending },
    ]);
    expect(after.items).toEqual(['completed']);
  });
});

it('every fault point has a row', () => {
  expect(new Set(rows.map(([point]) => point))).toEqual(new Set(faultPoints));
});

/** Runs the story in a process of its own; tells the signal it died of, or its exit code. */
async function dies(stateDir: string, point: FaultPoint, occurrence: number): Promise<NodeJS.Signals | number | null> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, stateDir, point, String(occurrence)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ?? code));
  });
}

/** Reads the file in this thread, with the statements of the readers. */
function find(stateDir: string): Found {
  const database = openReadOnly(statePaths(stateDir).database);
  try {
    const { executions, records, workItems } = queries(database);
    const found = executions({ tenant: 'local', filter: { limit: 10 } }).map(executionOf);
    const journals = found.map(({ id }) => {
      const rows = records({ tenant: 'local', id, after: 0, limit: 1_000 });
      return [id, rows.map((row) => journaled(row as unknown as JournalRow))] as const;
    });
    const items = workItems({ tenant: 'local', filter: { limit: 10 } }).map((row) => workItemOf(row).status);
    return { executions: found, journals: new Map(journals), items };
  } finally {
    database.close();
  }
}

/** Promises that the file does not keep. */
function brokenPromises(ledger: Ledger, { executions }: Found): string[] {
  const statusOf = (promise: Parameters<Ledger['promised']>[0]): ExecutionStatus | 'absent' | null => {
    const id = ledger.promised(promise);
    return id === null ? null : (executions.find((execution) => execution.id === id)?.status ?? 'absent');
  };
  const broken: string[] = [];
  if (statusOf('submit') === 'absent' || statusOf('submit other') === 'absent') broken.push('submit');
  if (statusOf('cancel') !== null && statusOf('cancel') !== 'cancelled') broken.push('cancel');
  if (statusOf('retry') === 'failed') broken.push('retry');
  return broken;
}

/** What must not be in any journal: gaps, a step that ended twice, a change of status that does not exist. */
function faults({ journals }: Found): string[] {
  return [...journals.values()].flatMap((records) => [
    ...records.filter(({ seq }, place) => seq !== place + 1).map(({ seq }) => `a gap before ${seq}`),
    ...endedTwice(records),
    ...illegalChanges(records),
  ]);
}

function endedTwice(records: readonly Journaled[]): string[] {
  const completed = completedKeys(records);
  return completed.filter((key, place) => completed.indexOf(key) !== place).map((key) => `${key} completed twice`);
}

function completedKeys(records: readonly Journaled[]): string[] {
  return records.flatMap((record) => (record.kind === 'step' && record.phase === 'completed' ? [record.key] : []));
}

function illegalChanges(records: readonly Journaled[]): string[] {
  const illegal: string[] = [];
  let last: ExecutionStatus | null = null;
  for (const record of records) {
    if (record.kind !== 'status') continue;
    // A run that lost its owner is taken up again without a change of status.
    const isResumed: boolean = last === 'running' && record.status === 'running' && record.reason === 'resumed';
    const isLegal: boolean = last === null || isResumed || executionTransitions[last].includes(record.status);
    if (!isLegal) illegal.push(`${last} → ${record.status}`);
    last = record.status;
  }
  return illegal;
}

/** How often the bodies of the steps ran that were committed when the process died. */
function timesDone(ledger: Ledger, { journals }: Found): Record<string, number> {
  const keys = [...journals.values()].flatMap((records) => completedKeys(records));
  const bodies = keys.map((key) => (key.includes('/model/') ? `model ${key}` : key));
  return Object.fromEntries(bodies.map((body) => [body, ledger.timesDone(body)]));
}

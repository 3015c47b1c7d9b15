/**
 * The raw limit: bare `node:sqlite` writing what a three-step execution leaves in the state file, in the same schema with
 * the same pragmas, staged: a hundred executions go through submit, three steps and finish together, each stage one
 * transaction that is synced before the next begins. One thread, prepared statements, no messages, no checks.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../src/kernel/clock.ts';
import { createIds } from '../src/kernel/id.ts';
import { openForWriting } from '../src/work/sqlite/read-write.ts';
import { input, stepResults } from './workload/three-steps.ts';

const stageSize = 100;
const inputText = JSON.stringify(input);
const steps = ['one', 'two', 'three'].map((key, place) => [key, JSON.stringify(stepResults[place])] as const);
const outputText = JSON.stringify(stepResults.join('').length);

/** Writes `count` executions into a new file in `folder`; returns executions per second. */
export function rawLimit(folder: string, count: number): number {
  const database = openForWriting(join(folder, 'squadra.db'));
  const stages = stagesOf(database);
  const begun = performance.now();
  for (let first = 0; first < count; first += stageSize) {
    for (const stage of stages) {
      database.exec('BEGIN IMMEDIATE');
      for (let no = first + 1; no <= Math.min(count, first + stageSize); no++) stage(no);
      database.exec('COMMIT');
    }
  }
  const perSecond = (count * 1_000) / (performance.now() - begun);
  database.close();
  return perSecond;
}

/** The five stages: what each writes for the execution with a number. */
function stagesOf(database: DatabaseSync): ((no: number) => void)[] {
  const ids = createIds(systemClock);
  const execution = database.prepare(
    `INSERT INTO executions (tenant, id, workflow, status, priority, input, is_request, metadata, created_at, started_at, epoch)
      VALUES ('local', ?, 'three-steps', 'running', 0, ?, 0, 'null', ?, ?, 1)`,
  );
  const status = database.prepare(
    "INSERT INTO journal (execution, seq, tenant, at, kind, type) VALUES (?, ?, 'local', ?, 'status', ?)",
  );
  const step = database.prepare(
    `INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, text)
      VALUES (?, ?, 'local', ?, 'step', ?, 'run', 'completed', 1, ?)`,
  );
  const finish = database.prepare(
    "UPDATE executions SET status = 'completed', output = ?, ended_at = ?, version = version + 1 WHERE no = ?",
  );
  return [
    (no) => {
      const now = Date.now();
      execution.run(ids(), inputText, now, now);
      status.run(no, 1, now, 'queued');
      status.run(no, 2, now, 'running');
    },
    ...steps.map(
      ([key, text], place) =>
        (no: number) =>
          void step.run(no, 3 + place, Date.now(), key, text),
    ),
    (no) => {
      const now = Date.now();
      finish.run(outputText, now, no);
      status.run(no, 6, now, 'completed');
    },
  ];
}

/** What a file holds, by kind of row: how many and how much text. Two files with the same were given the same rows. */
export function rowsOf(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true });
  const journal = database
    .prepare(
      `SELECT kind, key, type, phase, attempt, input_hash, due_at, data, count(*) AS count, sum(length(text)) AS text FROM journal
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8`,
    )
    .all();
  const executions = database
    .prepare(
      `SELECT status, epoch, version, workflow, sum(length(input)) AS input, sum(length(output)) AS output, count(started_at) AS started,
        count(ended_at) AS ended, count(*) AS count FROM executions GROUP BY 1, 2, 3, 4`,
    )
    .all();
  database.close();
  return JSON.stringify({ executions, journal });
}

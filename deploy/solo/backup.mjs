/**
 * Copies the state of one process while it runs:
 *
 *     node backup.mjs <state folder> <folder of the backup>
 *
 * The folder of the backup must not be there yet. It has the state as of one moment, whole, and the files of the workspaces as they were
 * found after that. It is made under another name and gets its own at the end: what was cut off is no backup. To restore it, make it
 * the state folder of a process.
 */
import { cpSync, existsSync, mkdirSync, openSync, closeSync, fsyncSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const [state, target] = process.argv.slice(2);
if (state === undefined || target === undefined) fail('usage: node backup.mjs <state folder> <folder of the backup>');
const database = join(state, 'squadra.db');
if (!existsSync(database)) fail(`there is no state in ${state}`);
if (existsSync(target)) fail(`${target} is there already`);
const unfinished = `${resolve(target)}.unfinished`;
rmSync(unfinished, { recursive: true, force: true });
mkdirSync(unfinished, { recursive: true });

const copied = join(unfinished, 'squadra.db');
const source = new DatabaseSync(database, { readOnly: true });
source.prepare('VACUUM INTO ?').run(copied);
source.close();
sync(copied);

const copy = new DatabaseSync(copied, { readOnly: true });
const { integrity_check: found } = copy.prepare('PRAGMA integrity_check').get();
copy.close();
if (found !== 'ok') fail(`the copy is not whole: ${found}`);

if (existsSync(join(state, 'out'))) cpSync(join(state, 'out'), join(unfinished, 'out'), { recursive: true });
renameSync(unfinished, target);
sync(dirname(resolve(target)));
process.stdout.write(`${target}\n`);

function sync(path) {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

function fail(message) {
  process.stderr.write(`backup: ${message}\n`);
  process.exit(1);
}

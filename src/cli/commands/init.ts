import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Cli, CommandContext } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { safeJson } from '../view/safe-text.ts';

const examples = new URL('../../../examples/', import.meta.url);
const ignored = '.squadra/';

/** `squadra init`: the files to begin with, beside whatever is there. */
export function initCommand(cli: Cli): Command {
  return new Command('init')
    .summary('write a squadra.yaml and a first workflow into this folder')
    .description(
      'Writes a squadra.yaml, a first workflow (feature.ts) and a line for .gitignore into this folder. Nothing that is there is overwritten.',
    )
    .action((_: object, command: Command) => cli.run(command, act));
}

async function act({ options, terminal }: CommandContext): Promise<ExitCode> {
  const folder = process.cwd();
  const written: string[] = [];
  const kept: string[] = [];
  for (const file of ['squadra.yaml', 'feature.ts']) {
    const path = join(folder, file);
    if (existsSync(path)) kept.push(file);
    else {
      writeFileSync(path, readFileSync(new URL(file, examples)), { flag: 'wx' });
      written.push(file);
    }
  }
  (ignoreState(join(folder, '.gitignore')) ? written : kept).push('.gitignore');
  if (options.json) terminal.out(safeJson({ written, kept }, 2));
  else if (!options.quiet) {
    for (const file of written) terminal.out(`${terminal.ink.green('+')} ${file}`);
    for (const file of kept)
      terminal.out(`${terminal.ink.dim('=')} ${file} ${terminal.ink.dim('(was there, left as it is)')}`);
    terminal.out("\nTry it: echo 'Add a login page' | npx squadra run - --workflow feature --squad web");
  }
  return 0;
}

/** The state belongs to this machine, not into a repository. */
function ignoreState(path: string): boolean {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (text.split(/\r?\n/).some((line) => /^\/?\.squadra\/?$/.test(line.trim()))) return false;
  appendFileSync(path, `${text === '' || text.endsWith('\n') ? '' : '\n'}${ignored}\n`);
  return true;
}

import { Command } from 'commander';
import { isFleet } from '../../config/fleet-check.ts';
import { examineNode, examineProject, examineSettings } from '../examinations.ts';
import type { Examination } from '../examination.ts';
import { examineFleet } from '../fleet-examinations.ts';
import { examineDisk, examineState } from '../folder-examinations.ts';
import type { Cli, CommandContext } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { safeJson, safeText } from '../view/safe-text.ts';

/** `squadra doctor`: is everything here in order? */
export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .summary('is everything here in order?')
    .description(
      'Examines Node, the settings, the project, the state folder and its disk, and who runs it; of a fleet the database and the engine. Calls no model and changes nothing. Exits with 1 when something is wrong.',
    )
    .action((_: object, command: Command) => cli.run(command, act));
}

async function act({ options, terminal }: CommandContext): Promise<ExitCode> {
  const { settings, examinations } = examineSettings(options);
  const all: Examination[] = [examineNode(), ...examinations, await examineProject(options)];
  if (settings !== null) {
    all.push(...(isFleet(settings) ? await examineFleet(settings) : examineState(settings)));
    all.push(...examineDisk(settings.stateDir));
  }
  const isWell = all.every(({ result }) => result !== 'bad');
  if (options.json) {
    terminal.out(safeJson({ ok: isWell, examinations: all }, 2));
    return isWell ? 0 : 1;
  }
  const { ink } = terminal;
  const marks = { ok: ink.green('ok '), note: ink.yellow('!  '), bad: ink.red('BAD') };
  for (const { name, result, text } of all) {
    if (options.quiet && result === 'ok') continue;
    terminal.out(`${marks[result]} ${name.padEnd(9)} ${safeText(text).replaceAll('\n', '\n              ')}`);
  }
  return isWell ? 0 : 1;
}

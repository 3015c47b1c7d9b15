import { Command } from 'commander';
import { checkState, openReports } from '../../compose/outside.ts';
import type { CheckedExecution, Finding } from '../../orchestrator/check.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { loadProject } from '../project.ts';
import { openIfThere } from '../reports.ts';
import { formatCount } from '../view/figures.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';

/** `squadra check`: would what is in flight still run with the code on disk? */
export function checkCommand(cli: Cli): Command {
  return new Command('check')
    .summary('replay what is in flight against the code on disk, without doing anything')
    .description(
      'Replays every execution that is queued, running, waiting or failed against the workflows on disk, without doing anything, and lists recorded steps that are gone or are given something else. Run it before you deploy. Exits with 1 when something was found.',
    )
    .action((_: object, command: Command) => cli.run(command, act));
}

async function act(context: CommandContext): Promise<ExitCode> {
  const { options, terminal } = context;
  const { opening } = await loadProject(options.config);
  const checked: CheckedExecution[] = [];
  let count = 0;
  if (await hasState(context)) {
    for await (const execution of checkState({ ...stateOptions(options), ...opening }, options.tenant)) {
      count++;
      if (execution.findings.length === 0) continue;
      checked.push(execution);
      if (!options.json) tellFindings(context, execution);
    }
  }
  if (options.json) terminal.out(safeJson({ checked: count, items: checked }, 2));
  else if (!options.quiet) terminal.out(summary(count, checked.length));
  return checked.length === 0 ? 0 : 1;
}

async function hasState({ options }: CommandContext): Promise<boolean> {
  await using state = await openIfThere(() => openReports(stateOptions(options)));
  return state !== null;
}

function tellFindings({ terminal }: CommandContext, { id, workflow, status, findings }: CheckedExecution): void {
  const { ink } = terminal;
  terminal.out(`${ink.bold(id)} ${workflow} ${ink.dim(status)}`);
  for (const finding of findings) terminal.out(`  ${ink.yellow('!')} ${sentence(finding)}`);
}

function sentence(finding: Finding): string {
  switch (finding.kind) {
    case 'unknown-workflow':
      return 'its workflow is not there; list its file in squadra.yaml';
    case 'gone': {
      const instead =
        finding.next.length === 0
          ? ''
          : `; next would be ${finding.next.map((key) => `'${safeLine(key)}'`).join(', ')}`;
      return `step '${safeLine(finding.step)}' is recorded, but the code does not come to it${instead}`;
    }
    case 'changed':
      return `step '${safeLine(finding.step)}' is given something else than was recorded; the recorded result stands`;
    case 'fails':
      return `the code would fail: ${safeLine(finding.message)}`;
  }
}

function summary(count: number, found: number): string {
  if (count === 0) return 'Nothing is in flight, so nothing can be in the way of new code.';
  const executions = `${formatCount(count)} execution${count === 1 ? '' : 's'}`;
  return found === 0
    ? `${executions} checked: all go on with the code on disk.`
    : `${executions} checked: ${formatCount(found)} would not go on as recorded.`;
}

import { Command } from 'commander';
import { openReports } from '../../compose/outside.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Approval } from '../../work/approval-store.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import { findExecution } from '../execution-id.ts';
import type { ExitCode } from '../exit-code.ts';
import { send, tell, tellIfNobodyRuns } from '../sending.ts';
import { iso } from '../view/event-document.ts';
import { safeJson, safeLine, safeText } from '../view/safe-text.ts';
import { quoted } from '../view/waiting.ts';

interface ApproveOptions {
  readonly text?: string;
  readonly comment?: string;
  readonly by?: string;
}

/** `squadra approve <id> <name> [choice]`: answers what an execution asks a person; without a choice it shows the question. */
export function approveCommand(cli: Cli): Command {
  return new Command('approve')
    .summary('answer what an execution asks a person')
    .description('Answers what an execution asks a person. Without a choice it shows the question and the choices.')
    .argument('<id>', "the execution: its id, the beginning of it, or 'latest'")
    .argument('<name>', 'the approval, as `squadra show` names it')
    .argument('[choice]', 'one of the choices it offers')
    .option(
      '--text <words>',
      'the answer in words, to a question of an agent; the choice is the first one where none is given',
    )
    .option('--comment <text>', 'goes to the workflow with the answer')
    .option('--by <name>', 'who answers (default: the tenant)')
    .action((id: string, name: string, choice: string | undefined, options: ApproveOptions, command: Command) =>
      cli.run(command, (context) => act(context, { id, name, choice }, options)),
    );
}

interface Answered {
  readonly id: string;
  readonly name: string;
  readonly choice: string | undefined;
}

async function act(
  context: CommandContext,
  { id: given, name, choice: chosen }: Answered,
  { text, comment, by }: ApproveOptions,
): Promise<ExitCode> {
  const { tenant } = context.options;
  const { id, pending } = await pendingApprovals(context, given);
  const choice = chosen ?? (text === undefined ? undefined : named(pending, id, name).choices[0]);
  if (choice === undefined) return ask(context, id, named(pending, id, name));
  const said = { ...(comment === undefined ? {} : { comment }), ...(text === undefined ? {} : { text }) };
  const body = { id, name, choice, by: by ?? tenant, ...said };
  const result = await send(context, { tenant, name: 'approve', body });
  tell(
    context,
    { id, name, choice, by: body.by, comment: comment ?? null, text: text ?? null },
    `'${safeLine(name)}' of execution ${id} is answered: ${safeLine(choice)}.`,
  );
  tellIfNobodyRuns(context, id, result);
  return 0;
}

/** Shows the question; an answer is what was missing, so the usage was wrong. */
function ask({ options, terminal }: CommandContext, id: string, approval: Approval): ExitCode {
  const { title, details, choices, stepKey, createdAt } = approval;
  if (options.json) {
    terminal.out(
      safeJson({ id, name: stepKey, title, details, choices, status: approval.status, createdAt: iso(createdAt) }, 2),
    );
    return 2;
  }
  terminal.note(terminal.noteInk.bold(safeLine(title)));
  if (details !== null) terminal.note(`\n${safeText(details).trimEnd()}\n`);
  terminal.note('Answer it with one of:');
  for (const choice of choices) terminal.note(`  npx squadra approve ${id} ${quoted(stepKey)} ${quoted(choice)}`);
  terminal.note('An answer in words goes with --text.');
  return 2;
}

async function pendingApprovals(
  { options }: CommandContext,
  text: string,
): Promise<{ id: string; pending: readonly Approval[] }> {
  await using state = await openReports(stateOptions(options));
  const id = await findExecution((filter) => state.reports.list(options.tenant, filter), text);
  const pending = await state.approvals.list(options.tenant, { executionId: id, status: 'pending', limit: 200 });
  return { id, pending };
}

function named(pending: readonly Approval[], id: string, name: string): Approval {
  const found =
    pending.find(({ stepKey }) => stepKey === name) ??
    pending.find(({ stepKey }) => stepKey.endsWith(`/${name}`) || `/${stepKey}`.includes(`/${name}/`));
  if (found !== undefined) return found;
  const hint =
    pending.length === 0
      ? 'it asks for none now'
      : `it asks for ${pending.map(({ stepKey }) => `'${stepKey}'`).join(', ')}`;
  throw new SquadraError('NOT_FOUND', `Execution ${id} has no open approval '${name}'; ${hint}.`);
}

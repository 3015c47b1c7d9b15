import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { openSquadraToWatch } from '../../compose.ts';
import { placeOf } from '../../compose/outside.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Run } from '../../orchestrator/run-handle.ts';
import type { Squadra } from '../../orchestrator/squadra.ts';
import { defaultWorkflow } from '../../orchestrator/submissions.ts';
import type { SubmitRequest } from '../../orchestrator/submissions.ts';
import { readBudget } from '../budget-options.ts';
import type { TypedBudget } from '../budget-options.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import { conclude } from '../conclusion.ts';
import { findExecution, findUnfinished } from '../execution-id.ts';
import type { ExitCode } from '../exit-code.ts';
import { follow, tellOfOthers } from '../following.ts';
import { Interruption } from '../interruption.ts';
import { parseJson } from '../json-argument.ts';
import { ensureBudgets, ensureSquads, listOf, loadProject } from '../project.ts';

interface RunOptions extends TypedBudget {
  readonly squad?: string;
  readonly workflow?: string;
  readonly input?: string;
  readonly priority?: string;
  readonly idempotencyKey?: string;
  readonly resume?: string | true;
}

/** `squadra run <file|->`: hands a request to a squad and shows the work. */
export function runCommand(cli: Cli): Command {
  return new Command('run')
    .summary('hand a request to a squad, and watch the work')
    .description(
      'Hands the text of a file (`-`: of standard input) to a squad as its request, and shows the work until it is done.',
    )
    .argument('[file]', 'the request; - reads it from standard input')
    .option('--squad <name>', 'the squad that does it (default: software, for the built-in workflows)')
    .option('--workflow <name>', 'the workflow that says how, built in or from squadra.yaml', defaultWorkflow)
    .option('--input <json>', 'the input of the workflow, instead of a file')
    .option('--priority <number>', 'from -100 to 100; higher goes first')
    .option('--budget <dollars>', 'what it may spend, such as 5 or 0.25')
    .option('--token-budget <number>', 'how many tokens it may take, input and output together')
    .option('--on-exceeded <reaction>', 'at that ceiling: fail (where nothing is said), or ask for an approval')
    .option('--idempotency-key <key>', 'the same key with the same request is the same execution')
    .option('--resume [id]', 'go on with an unfinished execution, the newest where none is named')
    .action((file: string | undefined, options: RunOptions, command: Command) =>
      cli.run(command, (context) => act(context, file, options)),
    );
}

async function act(context: CommandContext, file: string | undefined, options: RunOptions): Promise<ExitCode> {
  const { resume } = options;
  const request = resume === undefined ? await readRequest(file, options) : null;
  if (request === null && (file !== undefined || options.input !== undefined))
    throw new SquadraError('INVALID_INPUT', '--resume goes on with what is there; give it no request.');
  const since = context.clock.now();
  const project = await loadProject(context.options.config);
  using interruption = new Interruption();
  await using squadra = await openSquadraToWatch(
    { ...stateOptions(context.options), ...project.opening },
    { command: 'run' },
  );
  const own = squadra.forTenant(context.options.tenant);
  await ensureSquads(own, project.squads);
  await ensureBudgets(own, project.budgets);
  if (request !== null) tellOfOthers(context, own);
  const run =
    request === null
      ? own.run(await idToResume(own, resume === true ? null : (resume ?? null)))
      : await own.submit<unknown, unknown>(options.workflow ?? defaultWorkflow, request);
  if (request === null) await prepareResume(context, own, run);
  const followed = await follow(context, own, run, since, interruption.signal);
  return conclude(context, followed, `npx squadra run --resume ${run.id}`);
}

/** The id of the execution to go on with: the one named (whole, or its beginning), or the newest that is not over. */
async function idToResume(squadra: Squadra, named: string | null): Promise<string> {
  const list = listOf(squadra);
  if (named !== null) return findExecution(list, named);
  const found = await findUnfinished(list);
  if (found === null) throw new SquadraError('NOT_FOUND', 'Nothing is unfinished; `squadra list` shows what there is.');
  return found.id;
}

/** What was only created is started; what cannot go on here is told, rather than waited for. The workers of a fleet have their own. */
async function prepareResume({ options }: CommandContext, squadra: Squadra, run: Run): Promise<void> {
  const { status, workflow } = await run.get();
  if (!squadra.workflows.includes(workflow) && !placeOf(stateOptions(options)).isFleet)
    throw new SquadraError(
      'UNKNOWN_WORKFLOW',
      `Execution ${run.id} needs the workflow '${workflow}', which no file of squadra.yaml exports here.`,
    );
  if (status === 'created') await run.start();
}

async function readRequest(file: string | undefined, options: RunOptions): Promise<SubmitRequest> {
  const { squad, input, priority, idempotencyKey } = options;
  const budget = readBudget(options);
  if ((file === undefined) === (input === undefined))
    throw new SquadraError(
      'INVALID_INPUT',
      'Give the request as a file (or - for standard input), or the input of the workflow with --input.',
    );
  return {
    ...(input === undefined ? { message: await readMessage(file ?? '-') } : { input: parseJson(input, '--input') }),
    ...(squad === undefined ? {} : { squad }),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(budget === null ? {} : { budget }),
  };
}

async function readMessage(file: string): Promise<string> {
  let message: string;
  try {
    message = file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SquadraError(
      'INVALID_INPUT',
      `The request cannot be read from ${file}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
  if (message.trim() === '')
    throw new SquadraError(
      'INVALID_INPUT',
      `The request is empty: nothing but space in ${file === '-' ? 'standard input' : file}.`,
    );
  return message;
}

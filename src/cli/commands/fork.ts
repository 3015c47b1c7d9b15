import { Command } from 'commander';
import { z } from 'zod';
import { openSquadraToWatch } from '../../compose.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { ForkRequest } from '../../orchestrator/forks.ts';
import type { Squadra } from '../../orchestrator/squadra.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import { conclude } from '../conclusion.ts';
import type { ExitCode } from '../exit-code.ts';
import { follow, tellOfOthers } from '../following.ts';
import { Interruption } from '../interruption.ts';
import { readMemberSettings } from '../member-settings.ts';
import { loadProject } from '../project.ts';
import { namedExecution, send, tell, tellIfNobodyRuns } from '../sending.ts';

interface ForkOptions {
  readonly from: string;
  readonly set: readonly string[];
}

/** `squadra fork <id> --from <step>`: the same again from a step on, with what came before taken over. */
export function forkCommand(cli: Cli): Command {
  return new Command('fork')
    .summary('do an execution again from a step on, perhaps with another model')
    .description(
      'Makes a new execution that takes over what was committed before a step, for free, and does the rest anew. The original stays as it is; `squadra show <id> --compare <fork>` puts both side by side.',
    )
    .argument('<id>', "the execution it comes from: its id, the beginning of it, or 'latest'")
    .requiredOption('--from <step>', 'the ask or step to begin with, as `squadra show` names them')
    .option(
      '--set <member.setting=value>',
      'another provider, model, temperature or instructions for a member (by name or role); may be repeated',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .action((text: string, options: ForkOptions, command: Command) =>
      cli.run(command, (context) => act(context, text, options)),
    );
}

async function act(context: CommandContext, text: string, { from, set }: ForkOptions): Promise<ExitCode> {
  const request: ForkRequest = { from, ...(set.length === 0 ? {} : { set: readMemberSettings(set) }) };
  const since = context.clock.now();
  const project = await loadProject(context.options.config);
  const id = await namedExecution(context, text);
  using interruption = new Interruption();
  const opened = await openUnlessOwned(() =>
    openSquadraToWatch({ ...stateOptions(context.options), ...project.opening }, { command: 'fork' }),
  );
  if (opened === null) return await sendFork(context, id, request);
  await using squadra = opened;
  const own = squadra.forTenant(context.options.tenant);
  tellOfOthers(context, own);
  const fork = await own.run(id).fork(request);
  if (!context.options.json && !context.options.quiet) context.terminal.note(forkedSentence(fork.id, id, from));
  const followed = await follow(context, own, fork, since, interruption.signal);
  return conclude(context, followed, `npx squadra run --resume ${fork.id}`);
}

/** Null when another process runs the state: then that one forks, and runs the fork. */
async function openUnlessOwned(open: () => Promise<Squadra>): Promise<Squadra | null> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof SquadraError && error.code === 'STORE_LOCKED') return null;
    throw error;
  }
}

const forked = z.object({ id: z.string() });

async function sendFork(context: CommandContext, id: string, request: ForkRequest): Promise<ExitCode> {
  const result = await send(context, { tenant: context.options.tenant, name: 'fork', body: { id, ...request } });
  const fork = forked.parse(result.value);
  const { from } = request;
  tell(context, { id: fork.id, forkedFrom: { executionId: id, step: from } }, forkedSentence(fork.id, id, from));
  tellIfNobodyRuns(context, fork.id, result);
  return 0;
}

function forkedSentence(forkId: string, id: string, from: string): string {
  return `Execution ${forkId} is forked from ${id} at '${from}'.`;
}

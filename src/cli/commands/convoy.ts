import { Command } from 'commander';
import { openReports } from '../../compose/outside.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import { findConvoy } from '../convoy-id.ts';
import { runConvoy } from '../convoy-run.ts';
import type { ConvoyRunOptions } from '../convoy-run.ts';
import { send, tell } from '../sending.ts';
import { z } from 'zod';

const exampleFile = `
A file of tasks:

  squad: software
  parallelism: auto           # as many as the machine and the providers bear
  stopOnFirstFailure: false
  timeout: 2h
  items:
    - { key: plan, role: project_manager, message: Plan a login page. }
    - { key: api, role: backend_developer, message: Write the API., dependsOn: [plan] }
    - { key: test, role: tester, message: Test it., dependsOn: [api], priority: 10 }

It ends with 0 when every item is completed, with 1 when some or all are not, with 2 when the file cannot be used.
Ctrl-C leaves the convoy as it is: what is in hand is finished first, the rest goes on with --resume.`;

/** `squadra convoy run|cancel|retry`: many tasks at once. */
export function convoyCommand(cli: Cli): Command {
  const command = new Command('convoy')
    .summary('have many tasks worked off at once: run, cancel, retry')
    .description(
      'Works off many tasks side by side, in the order of their dependencies. `squadra convoys` lists them.',
    );
  command
    .command('run')
    .summary('work off the tasks of a file')
    .description(
      'Hands the tasks of a YAML file to a squad: as many at once as the machine and the providers bear, each when those it depends on are done.',
    )
    .argument('[file]', 'squad, items with key, role, message and dependsOn, and options')
    .option('--resume [id]', 'go on with a convoy that runs, the newest where none is named')
    .option('--idempotency-key <key>', 'the same key with the same file is the same convoy')
    .addHelpText('after', exampleFile)
    .action((file: string | undefined, options: ConvoyRunOptions, inner: Command) =>
      cli.run(inner, (context) => runConvoy(context, file, options)),
    );
  command
    .command('cancel')
    .summary('stop a convoy with everything it has running')
    .description('Stops a convoy for good, down to the model calls it has in flight. What is completed stays.')
    .argument('<id>', "its id, the beginning of it, or 'latest'")
    .option('--reason <text>', 'why, for whoever looks at it later')
    .action((text: string, options: { readonly reason?: string }, inner: Command) =>
      cli.run(inner, (context) => cancel(context, text, options)),
    );
  command
    .command('retry')
    .summary('have done again what failed')
    .description(
      'Has failed items done again from where they failed, and those that were cancelled because of them. What is completed stays, and is not paid again.',
    )
    .argument('<id>', "its id, the beginning of it, or 'latest'")
    .action((text: string, _: object, inner: Command) => cli.run(inner, (context) => retry(context, text)));
  return command;
}

async function cancel(context: CommandContext, text: string, { reason }: { readonly reason?: string }): Promise<0> {
  const id = await namedConvoy(context, text);
  const body = { id, ...(reason === undefined ? {} : { reason }) };
  const { value } = await send(context, { tenant: context.options.tenant, name: 'cancelConvoy', body });
  const { changed } = z.object({ changed: z.boolean() }).parse(value);
  tell(
    context,
    { id, status: 'cancelled', changed },
    changed ? `Convoy ${id} is cancelled.` : `Convoy ${id} was cancelled already.`,
  );
  return 0;
}

async function retry(context: CommandContext, text: string): Promise<0> {
  const { options, terminal } = context;
  const id = await namedConvoy(context, text);
  const { isOwned } = await send(context, { tenant: options.tenant, name: 'retryConvoy', body: { id } });
  tell(context, { id, status: 'running', changed: true }, `Convoy ${id} runs again; what was completed stays.`);
  if (!isOwned && !options.json && !options.quiet)
    terminal.note(`Nothing runs this state now; go on with: npx squadra convoy run --resume ${id}`);
  return 0;
}

async function namedConvoy({ options }: CommandContext, text: string): Promise<string> {
  await using state = await openReports(stateOptions(options));
  return await findConvoy((filter) => state.convoys.list(options.tenant, filter), text);
}

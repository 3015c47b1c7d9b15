import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { namedExecution, send, tell } from '../sending.ts';
import { readChanged } from '../changed.ts';

/** `squadra cancel <id>`: ends an execution, down to the calls it has in flight. */
export function cancelCommand(cli: Cli): Command {
  return new Command('cancel')
    .summary('stop an execution for good')
    .description('Stops an execution for good, down to the model calls it has in flight.')
    .argument('<id>', "its id, the beginning of it, or 'latest'")
    .option('--reason <text>', 'why, for whoever looks at it later')
    .action((text: string, { reason }: { readonly reason?: string }, command: Command) =>
      cli.run(command, async (context) => {
        const id = await namedExecution(context, text);
        const body = { id, ...(reason === undefined ? {} : { reason }) };
        const { value } = await send(context, { tenant: context.options.tenant, name: 'cancel', body });
        const { status, changed } = readChanged(value);
        tell(
          context,
          { id, status, changed },
          changed ? `Execution ${id} is cancelled.` : `Execution ${id} was cancelled already.`,
        );
        return 0;
      }),
    );
}

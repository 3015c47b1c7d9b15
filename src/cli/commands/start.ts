import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { namedExecution, send, tell, tellIfNobodyRuns } from '../sending.ts';
import { readChanged } from '../changed.ts';

/** `squadra start <id>`: starts what was only created. */
export function startCommand(cli: Cli): Command {
  return new Command('start')
    .summary('start an execution that was only created')
    .description('Starts an execution that was only created. One that was started already stays as it is.')
    .argument('<id>', "its id, the beginning of it, or 'latest'")
    .action((text: string, _: object, command: Command) =>
      cli.run(command, async (context) => {
        const id = await namedExecution(context, text);
        const result = await send(context, { tenant: context.options.tenant, name: 'start', body: { id } });
        const { status, changed } = readChanged(result.value);
        tell(
          context,
          { id, status, changed },
          changed ? `Execution ${id} is started.` : `Execution ${id} was started already; it is ${status}.`,
        );
        tellIfNobodyRuns(context, id, result);
        return 0;
      }),
    );
}

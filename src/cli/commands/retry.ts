import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { namedExecution, send, tell, tellIfNobodyRuns } from '../sending.ts';
import { readChanged } from '../changed.ts';

/** `squadra retry <id>`: runs a failed execution again from where it failed. */
export function retryCommand(cli: Cli): Command {
  return new Command('retry')
    .summary('run a failed execution again from where it failed')
    .description('Runs a failed execution again from where it failed: what was committed stays, and is not paid again.')
    .argument('<id>', "its id, the beginning of it, or 'latest'")
    .action((text: string, _: object, command: Command) =>
      cli.run(command, async (context) => {
        const id = await namedExecution(context, text);
        const result = await send(context, { tenant: context.options.tenant, name: 'retry', body: { id } });
        const { status, changed } = readChanged(result.value);
        tell(context, { id, status, changed }, `Execution ${id} is queued again; its committed steps stay.`);
        tellIfNobodyRuns(context, id, result);
        return 0;
      }),
    );
}

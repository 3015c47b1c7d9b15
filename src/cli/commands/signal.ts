import { Command } from 'commander';
import { z } from 'zod';
import type { Cli } from '../cli.ts';
import { readChanged } from '../changed.ts';
import { parseJson } from '../json-argument.ts';
import { namedExecution, send, tell, tellIfNobodyRuns } from '../sending.ts';
import { safeLine } from '../view/safe-text.ts';

/** `squadra signal <id> <name> [json]`: sends a named event. */
export function signalCommand(cli: Cli): Command {
  return new Command('signal')
    .summary('send a named event to an execution')
    .description(
      'Sends a named event to an execution, also before it waits for it: signals queue per name, first in first out.',
    )
    .argument('<id>', "its id, the beginning of it, or 'latest'")
    .argument('<name>', 'what the workflow waits for')
    .argument('[json]', 'what comes with it', 'null')
    .action((text: string, name: string, json: string, _: object, command: Command) =>
      cli.run(command, async (context) => {
        const payload = z.json().parse(parseJson(json, 'The payload'));
        const id = await namedExecution(context, text);
        const result = await send(context, {
          tenant: context.options.tenant,
          name: 'signal',
          body: { id, name, payload },
        });
        const { status } = readChanged(result.value);
        tell(
          context,
          { id, status, signal: name },
          `Signal '${safeLine(name)}' is on its way to execution ${id} (${status}).`,
        );
        tellIfNobodyRuns(context, id, result);
        return 0;
      }),
    );
}

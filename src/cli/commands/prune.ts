import { Command } from 'commander';
import { z } from 'zod';
import { readProcessSettings } from '../../config/settings.ts';
import { durationMs } from '../../kernel/duration.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { openReports } from '../../compose/outside.ts';
import { openIfThere } from '../reports.ts';
import { send, tell } from '../sending.ts';
import { formatCount } from '../view/figures.ts';

const dayMs = 24 * 60 * 60 * 1_000;
/** Much may have to be deleted, in small batches between which others write. */
const timeoutMs = 10 * 60_000;

/** `squadra prune`: deletes what ended longer ago than the retention. */
export function pruneCommand(cli: Cli): Command {
  return new Command('prune')
    .summary('delete executions that ended long ago')
    .description(
      'Deletes executions that were completed or cancelled longer ago than the retention, of all tenants, with all that belongs to them, the files of their workspaces included. Failed ones stay.',
    )
    .option(
      '--older-than <duration>',
      'how long ago they ended, such as 30d or 12h; 0s deletes all (default: SQUADRA_RETENTION_DAYS)',
    )
    .action((options: { readonly olderThan?: string }, command: Command) =>
      cli.run(command, (context) => act(context, options.olderThan)),
    );
}

async function act(context: CommandContext, olderThan: string | undefined): Promise<ExitCode> {
  const { options, clock } = context;
  const ageMs = olderThan === undefined ? retentionMs(context) : durationMs(olderThan, '--older-than');
  await using state = await openIfThere(() => openReports(stateOptions(options)));
  const endedBefore = clock.now() - ageMs;
  const deleted =
    state === null
      ? 0
      : z
          .object({ deleted: z.number() })
          .parse(
            (await send(context, { tenant: options.tenant, name: 'prune', body: { endedBefore } }, timeoutMs)).value,
          ).deleted;
  tell(
    context,
    { deleted, endedBefore: new Date(endedBefore).toISOString() },
    deleted === 0
      ? 'Nothing is that old; nothing was deleted.'
      : `${formatCount(deleted)} execution${deleted === 1 ? ' was' : 's were'} deleted.`,
  );
  return 0;
}

function retentionMs({ options }: CommandContext): number {
  const { retentionDays } = readProcessSettings(stateOptions(options));
  if (retentionDays > 0) return retentionDays * dayMs;
  throw new SquadraError(
    'INVALID_INPUT',
    'SQUADRA_RETENTION_DAYS is 0, which keeps everything; say what may go with --older-than.',
  );
}

import { sendCommand } from '../compose.ts';
import { openReports } from '../compose/outside.ts';
import type { CommandRequest } from '../orchestrator/inbox-service.ts';
import type { CommandResult } from '../orchestrator/command-route.ts';
import type { CommandContext } from './cli.ts';
import { stateOptions } from './cli.ts';
import { findExecution } from './execution-id.ts';
import { safeJson } from './view/safe-text.ts';

/** The owner takes commands within 250 ms; this leaves room for a busy machine and a slow disk. */
export const timeoutMs = 10_000;

/** The whole id for what the user wrote. Throws `NOT_FOUND`, also where there is no state. */
export async function namedExecution({ options }: CommandContext, text: string): Promise<string> {
  await using state = await openReports(stateOptions(options));
  return await findExecution((filter) => state.reports.list(options.tenant, filter), text);
}

/** Has a command done by whoever runs the state, or does it here where nobody does. */
export function send(
  { options }: CommandContext,
  request: CommandRequest,
  waitMs: number = timeoutMs,
): Promise<CommandResult> {
  return sendCommand(stateOptions(options), request, waitMs);
}

/** Says what a command did: as JSON, or in a sentence. */
export function tell({ options, terminal }: CommandContext, document: object, sentence: string): void {
  if (options.json) terminal.out(safeJson(document, 2));
  else if (!options.quiet) terminal.out(sentence);
}

/** What follows from nobody running the state: the work waits for the next one who does. */
export function tellIfNobodyRuns({ options, terminal }: CommandContext, id: string, { isOwned }: CommandResult): void {
  if (!isOwned && !options.json && !options.quiet)
    terminal.note(`Nothing runs this state now; go on with: npx squadra run --resume ${id}`);
}

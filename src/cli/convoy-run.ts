import { openSquadraToWatch } from '../compose.ts';
import { readConvoyYaml } from '../config/convoy-yaml.ts';
import type { ConvoyFile } from '../config/convoy-yaml.ts';
import { SquadraError } from '../kernel/errors.ts';
import { convoyDocument } from '../orchestrator/convoys/convoy-document.ts';
import type { ConvoyDescription } from '../orchestrator/convoys/convoys.ts';
import type { Squadra } from '../orchestrator/squadra.ts';
import type { CommandContext } from './cli.ts';
import { stateOptions } from './cli.ts';
import { findConvoy } from './convoy-id.ts';
import type { ExitCode } from './exit-code.ts';
import { tellOfOthers } from './following.ts';
import { interruptedText, Interruption } from './interruption.ts';
import { ensureBudgets, ensureSquads, loadProject } from './project.ts';
import { ConvoyView, progressLine } from './view/convoy-view.ts';
import { safeJson, safeLine } from './view/safe-text.ts';

export interface ConvoyRunOptions {
  readonly resume?: string | true;
  readonly idempotencyKey?: string;
}

/** Who wants to see more of them lists the items. */
const maxNamedItems = 20;

/** Works off the tasks of a file, or goes on with a convoy that runs, and shows how far it is until it has ended. */
export async function runConvoy(
  context: CommandContext,
  file: string | undefined,
  { resume, idempotencyKey }: ConvoyRunOptions,
): Promise<ExitCode> {
  if ((file === undefined) === (resume === undefined))
    throw new SquadraError(
      'INVALID_INPUT',
      'Give a file of tasks, or a convoy to go on with by --resume; `squadra convoy run --help` shows such a file.',
    );
  const { options, terminal } = context;
  // What is wrong with the file is told before a state is made.
  const tasks = file === undefined ? null : { file, ...readConvoyYaml(file) };
  const project = await loadProject(options.config);
  using interruption = new Interruption();
  await using squadra = await openSquadraToWatch(
    { ...stateOptions(options), ...project.opening },
    { command: 'convoy run' },
  );
  const own = squadra.forTenant(options.tenant);
  await ensureSquads(own, project.squads);
  await ensureBudgets(own, project.budgets);
  if (tasks !== null) tellOfOthers(context, own);
  const id = tasks === null ? await idToResume(own, resume) : await create(own, tasks, idempotencyKey);
  const isTold = !options.quiet && !options.json;
  if (isTold) terminal.note(`Convoy ${id}${tasks === null ? '' : `: ${itemsText(tasks.request.items.length)}`}`);
  try {
    using _view = isTold ? new ConvoyView(terminal, context.clock, () => own.convoys.progress(id)) : null;
    await own.convoys.result(id, { signal: interruption.signal });
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  }
  return await conclude(context, own, id);
}

async function create(
  squadra: Squadra,
  { file, request, linesOf }: ConvoyFile & { readonly file: string },
  idempotencyKey: string | undefined,
): Promise<string> {
  try {
    const { id } = await squadra.convoys.create({
      ...request,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    return id;
  } catch (error) {
    throw placed(error, file, linesOf);
  }
}

/** A refusal that names items of the file, with the lines on which they begin. */
function placed(error: unknown, file: string, linesOf: ConvoyFile['linesOf']): unknown {
  if (!(error instanceof SquadraError)) return error;
  const { key, keys } = error.details;
  const named = Array.isArray(keys) ? keys : [key];
  const lines = new Set(named.flatMap((each) => (typeof each === 'string' ? linesOf(each) : [])));
  if (lines.size === 0) return error;
  const where = `${file}, line${lines.size === 1 ? '' : 's'} ${[...lines].join(', ')}`;
  return new SquadraError(error.code, `${where}: ${error.message}`, { cause: error, details: error.details });
}

/** The convoy that was named (whole, or its beginning), or the newest that runs. */
async function idToResume({ convoys }: Squadra, named: string | true | undefined): Promise<string> {
  if (typeof named === 'string')
    return findConvoy(
      async ({ limit, before }) =>
        (await convoys.list({ limit, ...(before === undefined ? {} : { cursor: before }) })).items,
      named,
    );
  const [newest] = (await convoys.list({ status: 'running', limit: 1 })).items;
  if (newest === undefined)
    throw new SquadraError('NOT_FOUND', 'No convoy is running; `squadra convoys` shows those there are.');
  return newest.id;
}

async function conclude(context: CommandContext, squadra: Squadra, id: string): Promise<ExitCode> {
  const { options, terminal } = context;
  const convoy = await squadra.convoys.get(id);
  const exitCode = convoy.status === 'completed' ? 0 : convoy.status === 'running' ? 130 : 1;
  if (options.json) {
    const texts = await squadra.convoys.texts(id);
    const { items, ...document } = convoyDocument(convoy);
    const told = items.map((item) => ({ ...item, text: texts.get(item.key) ?? null }));
    terminal.out(safeJson({ ...document, items: told }, 2));
    return exitCode;
  }
  if (exitCode === 130) {
    terminal.note(interruptedText(context));
    terminal.note(`Go on with: npx squadra convoy run --resume ${id}\nOr end it: npx squadra convoy cancel ${id}`);
    return exitCode;
  }
  const { ink } = terminal;
  terminal.out(progressLine(convoy.counts, ink));
  terminal.out(endText(convoy));
  nameFailed(convoy, (line) => terminal.out(line), ink.red);
  if (options.quiet) return exitCode;
  terminal.note(`What each item came to: npx squadra convoys ${id}`);
  if (convoy.status === 'partial' || convoy.status === 'failed')
    terminal.note(`Again what failed: npx squadra convoy retry ${id}`);
  return exitCode;
}

function nameFailed({ items }: ConvoyDescription, out: (line: string) => void, red: (text: string) => string): void {
  const failed = items.filter(({ status }) => status === 'failed');
  for (const { key, reason } of failed.slice(0, maxNamedItems))
    out(`  ${red('failed')} ${safeLine(key)}: ${safeLine(reason ?? '')}`);
  if (failed.length > maxNamedItems) out(`  … ${failed.length - maxNamedItems} more`);
}

function endText({ id, status, reason }: ConvoyDescription): string {
  const verb = status === 'completed' ? 'is' : status === 'partial' ? 'ended' : status === 'failed' ? 'has' : 'was';
  return `Convoy ${id} ${verb} ${status}${reason === null ? '.' : `: ${safeLine(reason)}.`}`;
}

function itemsText(count: number): string {
  return `${count} item${count === 1 ? '' : 's'}.`;
}

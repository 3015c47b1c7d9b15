import { Command } from 'commander';
import { openSquadraIn } from '../../compose.ts';
import { readConvoyYaml } from '../../config/convoy-yaml.ts';
import { convoyDocument } from '../../orchestrator/convoys/convoy-document.ts';
import type { Squadra } from '../../orchestrator/squadra.ts';
import type { CountedConvoy } from '../../work/convoy.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { Interruption } from '../interruption.ts';
import { ensureSquads, loadProject } from '../project.ts';
import { progressLine } from '../view/convoy-view.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';

/** Often enough to look alive, seldom enough to cost nothing. */
const frameMs = 100;

/** `squadra convoy run <file>`: works off the tasks of a file. */
export function convoyCommand(cli: Cli): Command {
  const command = new Command('convoy')
    .summary('have many tasks worked off at once')
    .description('Works off many tasks side by side, in the order of their dependencies.');
  command.addCommand(
    new Command('run')
      .summary('work off the tasks of a file')
      .description(
        'Hands the tasks of a YAML file to a squad: as many at once as the machine and the providers bear, each when those it depends on are done.',
      )
      .argument('<file>', 'squad, items with key, role, message and dependsOn, and options')
      .action((file: string, _: object, inner: Command) => cli.run(inner, (context) => act(context, file))),
  );
  return command;
}

async function act(context: CommandContext, file: string): Promise<ExitCode> {
  const request = readConvoyYaml(file);
  const { options, terminal } = context;
  const project = await loadProject(options.config);
  using interruption = new Interruption();
  await using squadra = await openSquadraIn(
    { ...stateOptions(options), ...project.opening },
    { command: 'convoy run' },
  );
  const own = squadra.forTenant(options.tenant);
  await ensureSquads(own, project.squads);
  const { id } = await own.convoys.create(request);
  if (!options.quiet && !options.json) terminal.note(`Convoy ${id}: ${request.items.length} items.`);
  try {
    await follow(context, own, id, interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    terminal.note(`Interrupted; it goes on with the next \`squadra serve\` or \`squadra run\`: convoy ${id}.`);
    return 130;
  }
  return await conclude(context, own, id);
}

/** Shows the bar until the convoy has ended. */
async function follow(
  { options, terminal }: CommandContext,
  squadra: Squadra,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const isShown = terminal.isLive && !options.quiet && !options.json;
  const paint = (): void => {
    const counts = squadra.convoys.progress(id);
    if (counts !== null) terminal.paint(`\r\x1b[2K${progressLine(counts, terminal.noteInk)}`);
  };
  const frames = isShown ? setInterval(paint, frameMs) : null;
  if (isShown) paint();
  try {
    await squadra.convoys.result(id, { signal });
  } finally {
    if (frames !== null) {
      clearInterval(frames);
      terminal.paint('\r\x1b[2K');
    }
  }
}

async function conclude({ options, terminal }: CommandContext, squadra: Squadra, id: string): Promise<ExitCode> {
  const convoy = await squadra.convoys.get(id);
  const exitCode = convoy.status === 'completed' ? 0 : 1;
  if (options.json) {
    terminal.out(safeJson(convoyDocument(convoy), 2));
    return exitCode;
  }
  const { ink } = terminal;
  terminal.out(`${progressLine(convoy.counts, ink)}`);
  terminal.out(ending(convoy));
  for (const { key, status, reason } of convoy.items)
    if (status === 'failed') terminal.out(`  ${ink.red('failed')} ${safeLine(key)}: ${safeLine(reason ?? '')}`);
  return exitCode;
}

function ending({ id, status, reason }: CountedConvoy): string {
  return `Convoy ${id} ${status === 'partial' ? 'ended partial' : `${status === 'completed' ? 'is' : 'was'} ${status}`}${reason === null ? '.' : `: ${safeLine(reason)}.`}`;
}

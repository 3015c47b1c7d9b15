import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { openSquadraToWatch } from '../../compose.ts';
import { placeOf } from '../../compose/outside.ts';
import type { StatePlace } from '../../compose/outside.ts';
import { readProcessSettings } from '../../config/settings.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Squadra } from '../../orchestrator/squadra.ts';
import type { SquadInput } from '../../squads/squad.ts';
import { isEnded } from '../../work/execution.ts';
import type { Execution } from '../../work/execution.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import { findUnfinished } from '../execution-id.ts';
import type { ExitCode } from '../exit-code.ts';
import { follow, tellOfOthers } from '../following.ts';
import type { Followed } from '../following.ts';
import { Interruption } from '../interruption.ts';
import { ensureSquads, listOf, loadProject } from '../project.ts';
import { conclude, conclusion } from '../conclusion.ts';
import { verdictOf, workFiles } from '../work-files.ts';

/** Slow enough to be read along and killed in the middle: the demo then takes about ten seconds. */
const watchedPaceMs = 18;
/** Where nobody reads along: about five seconds, still long enough to be killed by a script. */
const unwatchedPaceMs = 8;
const fastPaceMs = 1;
const squadName = 'demo';
const requestFile = fileURLToPath(new URL('../../../examples/feature-request.md', import.meta.url));
/** The offline model by name, so that the demo costs nothing where a real one is configured. */
const demoSquad: SquadInput = {
  name: squadName,
  description: 'Three members on the offline script, for `squadra demo`.',
  members: ['project_manager', 'backend_developer', 'tester'].map((role) => ({
    role,
    provider: 'offline',
    tools: ['list', 'read', 'write', 'edit'],
  })),
};

interface DemoOptions {
  readonly resume?: boolean;
  readonly fast?: boolean;
}

/** `squadra demo`: a page-long request through a pipeline of three, without a key and without cost. */
export function demoCommand(cli: Cli): Command {
  return new Command('demo')
    .summary('a page-long request through a squad of three; no key, no cost')
    .description(
      'Takes a page-long feature request through a squad of three. The answers come from a script, so it needs no key and costs nothing. Kill it in the middle, then go on with --resume.',
    )
    .option('--resume', 'go on with the newest demo that is not finished')
    .option('--fast', 'do not wait for somebody to read along')
    .action((options: DemoOptions, command: Command) => cli.run(command, (context) => act(context, options)));
}

async function act(context: CommandContext, { resume = false, fast = false }: DemoOptions): Promise<ExitCode> {
  const { options, terminal, clock } = context;
  const isWatched = terminal.isLive && !options.json && !options.quiet;
  const since = clock.now();
  const project = await loadProject(options.config);
  using interruption = new Interruption();
  await using squadra = await openSquadraToWatch(
    { ...stateOptions(options), ...project.opening },
    { command: 'demo', offlinePaceMs: fast ? fastPaceMs : isWatched ? watchedPaceMs : unwatchedPaceMs },
  );
  const own = squadra.forTenant(options.tenant);
  await ensureSquads(own, [demoSquad]);
  if (!resume) tellOfOthers(context, own);
  const id = resume ? (await newestDemo(own)).id : await submitDemo(own);
  if (!options.json && !options.quiet) introduce(context, resume);
  const followed = await follow(context, own, own.run(id), since, interruption.signal);
  if (options.json || options.quiet || !isEnded(followed.execution.status))
    return conclude(context, followed, 'npx squadra demo --resume');
  // Awaited here: the state is closed when this function is left.
  return await finish(context, own, followed);
}

async function submitDemo(squadra: Squadra): Promise<string> {
  const request = readFileSync(requestFile, 'utf8');
  const run = await squadra.submit('pipeline', { squad: squadName, message: request, metadata: { demo: true } });
  return run.id;
}

/** The newest demo that is not over; where all are, the newest. Throws `NOT_FOUND` where there never was one. */
async function newestDemo(squadra: Squadra): Promise<Execution> {
  const { id: squadId } = await squadra.squads.get(squadName);
  const list = listOf(squadra);
  const found = (await findUnfinished(list, { squadId })) ?? (await list({ squadId, limit: 1 }))[0];
  if (found === undefined)
    throw new SquadraError('NOT_FOUND', 'No demo was begun in this state folder; start one with `squadra demo`.');
  return found;
}

function introduce({ terminal, options }: CommandContext, isResumed: boolean): void {
  const place = placeOf(stateOptions(options));
  const ink = terminal.noteInk;
  terminal.note(
    ink.bold(
      isResumed ? 'Going on with the newest demo.' : 'A page-long feature request goes through a squad of three.',
    ),
  );
  terminal.note(ink.dim('The answers come from a script: no language model, no key, no cost.'));
  terminal.note(
    ink.dim(
      place.isFleet
        ? `The fleet on ${place.name} does the work; this process watches it.\n`
        : `Everything is written to ${place.name} first. Kill this process at any time (kill -9 ${process.pid}), then: npx squadra demo --resume\n`,
    ),
  );
}

/** Names what came out and where to look next. */
async function finish(context: CommandContext, squadra: Squadra, followed: Followed): Promise<ExitCode> {
  const { terminal, options } = context;
  const { execution } = followed;
  const exitCode = conclusion(context, followed);
  if (execution.status !== 'completed') return exitCode;
  const { stateDir } = readProcessSettings(stateOptions(options));
  const messages = await squadra.run(execution.id).messages();
  const files = workFiles(stateDir, execution.id, messages);
  const { ink } = terminal;
  const width = Math.max(...files.map(({ path }) => path.length));
  terminal.out(`\n${ink.bold('What came out')}`);
  for (const { path, title } of files) terminal.out(`  ${ink.cyan(path.padEnd(width))}  ${title}`);
  const verdict = verdictOf(messages.findLast(({ message }) => message.kind === 'answer')?.message.text ?? '');
  if (verdict !== null) terminal.out(`\n${ink.bold('The verdict')}\n  ${verdict}`);
  for (const line of nextLines(context, execution.id)) terminal.out(line);
  return exitCode;
}

function stateText({ isFleet, name }: StatePlace): string {
  return isFleet
    ? `The state is in ${name}.`
    : `The state is ${name}: one SQLite file and the files above; delete the folder and nothing is left.`;
}

/** Commands that can be typed as they stand, once a key is filled in. */
function nextLines({ terminal, options }: CommandContext, id: string): readonly string[] {
  const { ink } = terminal;
  const state = options.stateDir === undefined ? '' : ` --state-dir ${options.stateDir}`;
  const run = `npx squadra run ${relative(process.cwd(), requestFile)}${state}`;
  return [
    `\n${ink.bold('Look again')}\n  npx squadra show ${id}${state}`,
    `  ${ink.dim(stateText(placeOf(stateOptions(options))))}`,
    `\n${ink.bold('The same with a model')}`,
    `  OPENAI_API_KEY=… ${run}`,
    `  ANTHROPIC_API_KEY=… ${run}`,
    `  OLLAMA_BASE_URL=http://localhost:11434 SQUADRA_MODEL=… ${run}`,
    `\n${ink.bold('Only the verdict with a model, the rest taken over')}`,
    `  OPENAI_API_KEY=… npx squadra fork ${id} --from tester --set tester.provider=openai${state}`,
  ];
}

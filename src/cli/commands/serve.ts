import { resolve } from 'node:path';
import { Command } from 'commander';
import { openAssembly } from '../../compose.ts';
import type { SettingOptions } from '../../config/settings.ts';
import { readDashboard } from '../../http/dashboard/dashboard-files.ts';
import { Readiness } from '../../http/readiness.ts';
import { startServer } from '../../http/server.ts';
import type { Assembly } from '../../orchestrator/assembly-parts.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import { examineModel } from '../examinations.ts';
import type { ExitCode } from '../exit-code.ts';
import { tellOfOthers } from '../following.ts';
import { Interruption } from '../interruption.ts';
import { parseWholeNumber } from '../number-argument.ts';
import { ensureBudgets, ensureSchedules, ensureSquads, loadProject } from '../project.ts';
import { keepHeapSmall } from '../small-heap.ts';

interface ServeOptions {
  readonly host?: string;
  readonly port?: string;
  readonly role?: string;
}

/** `squadra serve`: the HTTP interface, and the work behind it, until it is told to stop. */
export function serveCommand(cli: Cli): Command {
  return new Command('serve')
    .summary('answer over HTTP, and do the work behind it')
    .description(
      'Listens for requests, and does the work behind them. Ctrl-C or SIGTERM stops it in order: steps under way are finished or kept, and the rest goes on at the next start.',
    )
    .option('--host <address>', 'where to listen (default: SQUADRA_HOST, or 127.0.0.1)')
    .option('--port <number>', 'the port; 0 takes any that is free (default: SQUADRA_PORT, or 8080)')
    .option('--role <role>', 'in a fleet: api, worker, or all (default: SQUADRA_ROLE, or all)')
    .action((options: ServeOptions, command: Command) => cli.run(command, (context) => act(context, options)));
}

async function act(context: CommandContext, options: ServeOptions): Promise<ExitCode> {
  keepHeapSmall();
  const project = await loadProject(context.options.config);
  using interruption = new Interruption();
  const assembly = await openAssembly(
    { ...stateOptions(context.options), ...project.opening, settings: settingsOf(options) },
    { command: 'serve' },
  );
  await using squadra = assembly.squadra;
  const own = squadra.forTenant(context.options.tenant);
  await ensureSquads(own, project.squads);
  await ensureBudgets(own, project.budgets);
  await ensureSchedules(own, project.schedules);
  const dashboard = await readDashboard();
  const server = await startServer({ ...assembly, readiness: new Readiness(), dashboard }, assembly.settings);
  try {
    introduce(context, assembly, { url: server.url, hasDashboard: dashboard !== null });
    await new Promise<void>((stop) => {
      if (interruption.signal.aborted) stop();
      interruption.signal.addEventListener('abort', () => stop());
    });
    if (!context.options.json && !context.options.quiet)
      context.terminal.note('Stopping: what runs is finished or kept. Ctrl-C again leaves at once.');
  } finally {
    await server.close();
  }
  return 0;
}

function settingsOf({ host, port, role }: ServeOptions): SettingOptions {
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: parseWholeNumber(port, '--port') }),
    // What is no role is refused with all other settings.
    ...(role === undefined ? {} : { role: role as NonNullable<SettingOptions['role']> }),
  };
}

function introduce(
  context: CommandContext,
  { settings, access, squadra }: Assembly,
  { url, hasDashboard }: { readonly url: string; readonly hasDashboard: boolean },
): void {
  const { options, terminal } = context;
  const stateDir = resolve(settings.stateDir);
  if (options.json) {
    terminal.out(JSON.stringify({ url, stateDir, pid: process.pid, access: access.isOpen ? 'open' : 'keys' }));
    return;
  }
  if (options.quiet) {
    terminal.out(url);
    return;
  }
  const { bold, dim } = terminal.ink;
  const row = (name: string, text: string): string => `  ${dim(name.padEnd(8))}${text}`;
  const key = access.isOpen ? '' : " \\\n    -H 'authorization: Bearer <key>'";
  terminal.out(
    [
      `${bold('Squadra')} listens on ${bold(url)}`,
      '',
      row('state', stateDir),
      row('model', examineModel(settings).text),
      row('access', access.isOpen ? openAccess : 'keys are asked for; `npx squadra keys list` shows them'),
      row('pages', hasDashboard ? url : 'the dashboard is not built here; `npm start` builds it'),
      row('docs', `${url}/docs`),
      '',
      'Hand a request to a squad:',
      '',
      `  curl ${url}/api/v1/executions${key} \\\n    -H 'content-type: application/json' \\\n    -d '{"message": "Plan a login page for a small web shop"}'`,
      '',
      'Watch what happens, in another terminal:',
      '',
      `  curl -N ${url}/api/v1/events${key}`,
      '',
      dim('Ctrl-C stops it; what is under way goes on at the next start.'),
    ].join('\n'),
  );
  tellOfOthers(context, squadra);
}

const openAccess =
  'anybody on this machine, nobody else; `npx squadra keys create` makes a key, and then keys are asked for';

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { SquadraError } from '../kernel/errors.ts';
import { mcpTable } from './mcp-servers.ts';
import type { McpOptions } from './mcp-servers.ts';
import { priceTable } from './prices.ts';
import type { PriceOptions } from './prices.ts';
import { placeOf, syntaxProblems } from './yaml-place.ts';

const name = z.string().trim().min(1);

const member = z.strictObject({
  role: name,
  name: name.exactOptional(),
  specialization: name.exactOptional(),
  provider: name.exactOptional(),
  model: name.exactOptional(),
  temperature: z.number().min(0).max(2).exactOptional(),
  instructions: z.string().exactOptional(),
  tools: z.array(name).exactOptional(),
});

const squad = z.strictObject({
  name,
  description: z.string().exactOptional(),
  template: name.exactOptional(),
  members: z.array(member).exactOptional(),
});

/** At least one limit, which is checked where budgets are kept. */
const budget = z.strictObject({
  scope: z.enum(['squad', 'user', 'tenant']),
  id: name.exactOptional(),
  period: z.enum(['day', 'month']),
  limitUsd: z.number().min(0).max(1e9).exactOptional(),
  limitTokens: z.int().min(0).exactOptional(),
  onExceeded: z.enum(['ask', 'fail']).exactOptional(),
});

/** What it says of when and what is checked where schedules are kept. */
const schedule = z.strictObject({
  name,
  cron: name.exactOptional(),
  every: z.union([z.number(), name]).exactOptional(),
  timezone: name.exactOptional(),
  squad: name.exactOptional(),
  workflow: name.exactOptional(),
  message: z.string().exactOptional(),
  input: z.unknown().optional(),
  priority: z.int().exactOptional(),
  overlap: z.enum(['skip', 'queue']).exactOptional(),
  missed: z.enum(['skip', 'once', 'all']).exactOptional(),
});

const schema = z.strictObject({
  workflows: z.array(name).default([]),
  squads: z.array(squad).default([]),
  budgets: z.array(budget).default([]),
  schedules: z.array(schedule).default([]),
  prices: priceTable.default({}),
  mcp: mcpTable.default({}),
});

/** A squad as `squadra.yaml` describes it. Roles, templates and tools are checked where they are known. */
export type SquadEntry = z.infer<typeof squad>;

/** A budget as `squadra.yaml` describes it: US dollars; the id of a squad may be its name, that of the tenant is left out. */
export type BudgetEntry = z.infer<typeof budget>;

/** A schedule as `squadra.yaml` describes it: what `POST /schedules` takes, with a name. */
export type ScheduleEntry = z.infer<typeof schedule>;

/** What `squadra.yaml` says. */
export interface SquadraYaml {
  /** Absolute paths of the files whose exported workflows count. */
  readonly workflows: string[];
  readonly squads: SquadEntry[];
  readonly budgets: BudgetEntry[];
  readonly schedules: ScheduleEntry[];
  /** Own prices in US dollars per million tokens, by `provider/model` or `provider`. */
  readonly prices: PriceOptions;
  /** MCP servers by name, for the option `mcp` of `openSquadra`; `${NAME}` in them is filled there. */
  readonly mcp: McpOptions;
}

/**
 * Reads `squadra.yaml`. Paths in it are relative to the file, so that it means the same from every folder.
 *
 * @throws SquadraError `INVALID_SETTING` with every problem and its line (`details: { path, problems }`).
 */
export function readSquadraYaml(path: string): SquadraYaml {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines });
  if (document.errors.length > 0) {
    throw invalidFile(path, syntaxProblems(document));
  }
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    throw invalidFile(
      path,
      parsed.error.issues.map((issue) => `${placeOf(document, lines, issue.path)}${issue.message}`),
    );
  }
  const { workflows, squads, budgets, schedules, prices, mcp } = parsed.data;
  const problems = [...repeatedNames(squads, 'squads'), ...repeatedNames(schedules, 'schedules')];
  if (problems.length > 0) throw invalidFile(path, problems);
  return {
    workflows: workflows.map((file) => resolve(dirname(path), file)),
    squads,
    budgets,
    schedules,
    prices,
    // Each entry was checked by the schema of its kind.
    mcp: startedIn(dirname(path), mcp as McpOptions),
  };
}

/** Commands run in the folder of the file, unless they say where. */
function startedIn(folder: string, servers: McpOptions): McpOptions {
  const entries = Object.entries(servers).map(([name, entry]) => {
    return [name, 'command' in entry ? { ...entry, cwd: resolve(folder, entry.cwd ?? '.') } : entry] as const;
  });
  return Object.fromEntries(entries);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const message = `${path} cannot be read; create it (\`squadra init\` writes an example) or name another file with --config.`;
    throw new SquadraError('INVALID_SETTING', message, { cause, details: { path, problems: ['cannot be read'] } });
  }
}

function repeatedNames(entries: readonly { readonly name: string }[], what: string): string[] {
  const names = entries.map((entry) => entry.name);
  const repeated = new Set(names.filter((entry, index) => names.indexOf(entry) !== index));
  return [...repeated].map((entry) => `two ${what} are called '${entry}'; names are unique`);
}

function invalidFile(path: string, problems: readonly string[]): SquadraError {
  const message = `${path} cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\nCorrect the file and start again.`;
  return new SquadraError('INVALID_SETTING', message, { details: { path, problems } });
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readSquadraYaml } from '../config/squadra-yaml.ts';
import type { BudgetEntry, ScheduleEntry, SquadEntry } from '../config/squadra-yaml.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { Budgets } from '../orchestrator/budgets.ts';
import type { Squadra } from '../orchestrator/squadra.ts';
import type { SquadraOptions } from '../orchestrator/squadra-options.ts';
import type { SquadInput } from '../squads/squad.ts';
import type { BudgetKey } from '../work/budget.ts';
import type { AnyTool } from '../workflows/tool.ts';
import type { Workflow } from '../workflows/workflow.ts';
import type { ListExecutions } from './execution-id.ts';
import { lendModules } from './lent-modules.ts';

/** What the user's `squadra.yaml` brings. */
export interface Project {
  /** What `openSquadra` takes of it. */
  readonly opening: Pick<SquadraOptions, 'workflows' | 'tools' | 'mcp' | 'prices'>;
  readonly squads: readonly SquadEntry[];
  readonly budgets: readonly BudgetEntry[];
  readonly schedules: readonly ScheduleEntry[];
}

const fileName = 'squadra.yaml';

/** Reads `squadra.yaml` of this folder, if there is one, or the file named by `--config`, and imports its workflows and tools. */
export async function loadProject(config: string | undefined, folder: string = process.cwd()): Promise<Project> {
  const path = resolve(folder, config ?? fileName);
  if (config === undefined && !existsSync(path)) return { opening: {}, squads: [], budgets: [], schedules: [] };
  const { workflows: files, squads, budgets, schedules, mcp, prices } = readSquadraYaml(path);
  if (files.length > 0) lendModules();
  const exported: unknown[] = [];
  for (const file of files) exported.push(...(await importParts(file, path)));
  const opening = { workflows: exported.filter(isWorkflow), tools: exported.filter(isTool), mcp, prices };
  return { opening, squads, budgets, schedules };
}

async function importParts(file: string, listedIn: string): Promise<readonly unknown[]> {
  if (!existsSync(file)) throw notLoaded(`${listedIn} lists ${file}, which does not exist.`);
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    throw notLoaded(
      `${file}, which ${listedIn} lists, cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  const parts = [...new Set(Object.values(exported))].filter((part) => isWorkflow(part) || isTool(part));
  if (parts.length > 0) return parts;
  throw notLoaded(`${file} exports no workflow and no tool: export what defineWorkflow and defineTool give.`);
}

function isWorkflow(value: unknown): value is Workflow {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'workflow' && 'run' in value;
}

function isTool(value: unknown): value is AnyTool {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'tool' && 'run' in value;
}

function notLoaded(message: string, cause?: unknown): SquadraError {
  return new SquadraError('INVALID_SETTING', message, { cause });
}

/** Creates the squads of a project that the tenant lacks, by name; existing ones are left as they are. */
export async function ensureSquads(squadra: Squadra, squads: readonly SquadInput[]): Promise<void> {
  for (const squad of squads) {
    try {
      await squadra.squads.create(squad);
    } catch (error) {
      if (!(error instanceof SquadraError) || error.code !== 'NAME_TAKEN') throw error;
    }
  }
}

/** Creates the schedules of a project that the tenant lacks, by name; existing ones are left as they are. */
export async function ensureSchedules({ schedules }: Squadra, entries: readonly ScheduleEntry[]): Promise<void> {
  for (const entry of entries) {
    try {
      await schedules.create(entry);
    } catch (error) {
      if (!(error instanceof SquadraError) || error.code !== 'NAME_TAKEN') throw error;
    }
  }
}

/** Sets the budgets of a project that the tenant lacks; existing ones are left as they are. */
export async function ensureBudgets({ budgets, tenant }: Squadra, entries: readonly BudgetEntry[]): Promise<void> {
  for (const { scope, id, period, limitUsd, ...limits } of entries) {
    if (id === undefined && scope !== 'tenant')
      throw new SquadraError(
        'INVALID_SETTING',
        `A budget of squadra.yaml does not say which ${scope} it is of ('id').`,
      );
    const key = { scope, period, id: id ?? tenant };
    if (await isSet(budgets, key)) continue;
    const money = limitUsd === undefined ? {} : { limitMicroUsd: Math.round(limitUsd * 1e6) };
    await budgets.set(key, { ...money, ...limits });
  }
}

async function isSet(budgets: Budgets, key: BudgetKey): Promise<boolean> {
  try {
    await budgets.get(key);
    return true;
  } catch (error) {
    if (error instanceof SquadraError && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

/** The executions of a Squadra in the shape in which the reports give them. */
export function listOf(squadra: Squadra): ListExecutions {
  return async ({ before, squadId, createdAfter, ...filter }) => {
    const page = await squadra.list({
      ...filter,
      ...(before === undefined ? {} : { cursor: before }),
      ...(squadId === undefined ? {} : { squad: squadId }),
      ...(createdAfter === undefined ? {} : { createdAfter: new Date(createdAfter) }),
    });
    return page.items;
  };
}

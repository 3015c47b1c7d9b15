import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { builtInProviders } from '../agents/built-in-providers.ts';
import { offlineProvider } from '../agents/offline-model.ts';
import { inspectState } from '../compose.ts';
import { readProcessSettings } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { GlobalOptions } from './cli.ts';
import { stateOptions } from './cli.ts';
import { loadProject } from './project.ts';

/** What was looked at, and what was found: fine, worth knowing, or in the way of work. */
export interface Examination {
  readonly name: string;
  readonly result: 'ok' | 'note' | 'bad';
  readonly text: string;
}

const neededNode = 24;
const gibibyte = 1024 ** 3;
/** Below this a busy day fills the disk. */
const littleDisk = gibibyte;
/** Below this nothing should be begun. */
const noDisk = 64 * 1024 ** 2;
const syncs = 20;
/** Slower than this, every step of every execution is felt. */
const slowSyncMs = 20;

export function examineNode(version: string = process.versions.node): Examination {
  const isNewEnough = Number.parseInt(version, 10) >= neededNode;
  const text = isNewEnough ? version : `${version}, but ${neededNode} or newer is needed: https://nodejs.org`;
  return { name: 'node', result: isNewEnough ? 'ok' : 'bad', text };
}

/** The settings, and which models they lead to. Null when they cannot be used. */
export function examineSettings(options: GlobalOptions): { settings: Settings | null; examinations: Examination[] } {
  try {
    const settings = readProcessSettings(stateOptions(options));
    return {
      settings,
      examinations: [{ name: 'settings', result: 'ok', text: 'can all be used' }, examineModel(settings)],
    };
  } catch (error) {
    return { settings: null, examinations: [{ name: 'settings', result: 'bad', text: messageOf(error) }] };
  }
}

/** Which models the settings lead to. */
export function examineModel(settings: Settings): Examination {
  const configured = builtInProviders.filter((provider) => provider.open(settings, undefined) !== null);
  const name = settings.provider ?? configured[0]?.name ?? offlineProvider;
  const used = configured.find((provider) => provider.name === name);
  if (used !== undefined) {
    const others = configured.flatMap((provider) => (provider === used ? [] : [provider.name]));
    const also = others.length === 0 ? '' : `; also configured: ${others.join(', ')}`;
    const { hasKey, address } = reachOf(used.name, settings);
    const host = address === null ? '' : ` at ${URL.parse(address)?.host ?? used.addressVariable}`;
    const key = hasKey || used.keyVariable === null ? '' : ', without a key';
    return {
      name: 'model',
      result: 'ok',
      text: `${settings.model ?? used.defaultModel} of ${used.name}${host}${key} (not called)${also}`,
    };
  }
  const variables = builtInProviders.map(({ keyVariable, addressVariable }) => keyVariable ?? addressVariable);
  const text =
    name === offlineProvider
      ? `none: members that name no provider answer from the offline script. Set ${listed(variables)} for real answers`
      : `members that name no provider use '${name}', which the environment does not configure: a program has to give it in \`models\``;
  return { name: 'model', result: 'note', text };
}

/** How a provider is reached; what its adapter knows by itself is null. */
function reachOf(provider: string, settings: Settings): { readonly hasKey: boolean; readonly address: string | null } {
  const { openaiApiKey, openaiBaseUrl, anthropicBaseUrl, groqBaseUrl, ollamaBaseUrl } = settings;
  const addresses = { openai: openaiBaseUrl, anthropic: anthropicBaseUrl, groq: groqBaseUrl, ollama: ollamaBaseUrl };
  // Of the others with a key it is the key that makes them usable.
  const hasKey = provider !== 'openai' || openaiApiKey !== null;
  return { hasKey, address: new Map(Object.entries(addresses)).get(provider) ?? null };
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** Whether `squadra.yaml` and the workflows in it can be loaded. */
export async function examineProject({ config }: GlobalOptions): Promise<Examination> {
  try {
    const { opening, squads } = await loadProject(config);
    const { workflows = [], tools = [] } = opening;
    if (workflows.length + tools.length + squads.length === 0)
      return { name: 'project', result: 'ok', text: 'no squadra.yaml here; `squadra init` writes one' };
    const names = workflows.map(({ name }) => name).join(', ');
    const counts = [
      `${counted(workflows.length, 'workflow')}${names === '' ? '' : ` (${names})`}`,
      counted(tools.length, 'tool'),
      counted(squads.length, 'squad'),
    ];
    return { name: 'project', result: 'ok', text: counts.join(', ') };
  } catch (error) {
    return { name: 'project', result: 'bad', text: messageOf(error) };
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The state file, and who runs it. */
export function examineState(options: GlobalOptions): Examination[] {
  const { exists, stateDir, sizeBytes, version, currentVersion, problems, owner } = inspectState(stateOptions(options));
  const where = resolve(stateDir);
  if (!exists) return [{ name: 'state', result: 'ok', text: `none in ${where} yet; the first run makes it` }];
  const run =
    owner === null
      ? 'nobody runs it now'
      : `run by process ${owner.pid} on ${owner.host} (squadra ${owner.command}, since ${owner.since})`;
  const size = `${(sizeBytes / 1024 ** 2).toFixed(1)} MiB`;
  if (problems.length > 0)
    return [
      { name: 'state', result: 'bad', text: `${where}:\n${problems.join('\n')}` },
      { name: 'owner', result: 'ok', text: run },
    ];
  const isOld = version !== null && version < currentVersion;
  const state = isOld ? `version ${version}, the next run brings it to ${currentVersion}` : `version ${version}, whole`;
  return [
    { name: 'state', result: isOld ? 'note' : 'ok', text: `${where}: ${size}, ${state}` },
    { name: 'owner', result: 'ok', text: run },
  ];
}

/** Whether the folder can be written, how much room there is, and how long the disk takes to say that something is safe. */
export function examineDisk(stateDir: string): Examination[] {
  const folder = nearestFolder(resolve(stateDir));
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const room: Examination = {
    name: 'disk',
    result: free < noDisk ? 'bad' : free < littleDisk ? 'note' : 'ok',
    text: `${(free / gibibyte).toFixed(1)} GiB free at ${folder}`,
  };
  try {
    const ms = medianSyncMs(folder);
    const isSlow = ms > slowSyncMs;
    const text = `${ms.toFixed(2)} ms for a synced write (median of ${syncs})${isSlow ? '; every step waits for one, so work will be slow here' : ''}`;
    return [room, { name: 'sync', result: isSlow ? 'note' : 'ok', text }];
  } catch (error) {
    return [room, { name: 'write', result: 'bad', text: `${folder} cannot be written: ${messageOf(error)}` }];
  }
}

/** The folder itself, or the nearest one above it that is there. */
function nearestFolder(path: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  const above = dirname(path);
  return above === path ? path : nearestFolder(above);
}

function medianSyncMs(folder: string): number {
  const path = join(folder, `.squadra-doctor-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const times: number[] = [];
    const block = Buffer.alloc(4096, 1);
    for (let turn = 0; turn < syncs; turn++) {
      const begun = performance.now();
      writeSync(file, block);
      fsyncSync(file);
      times.push(performance.now() - begun);
    }
    return times.toSorted((a, b) => a - b)[Math.floor(syncs / 2)] ?? 0;
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof SquadraError ? `${message} [${error.code}]` : message;
}

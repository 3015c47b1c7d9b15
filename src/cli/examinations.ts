import { builtInProviders } from '../agents/built-in-providers.ts';
import { offlineProvider } from '../agents/offline-model.ts';
import { readProcessSettings } from '../config/settings.ts';
import type { Settings } from '../config/settings.ts';
import type { GlobalOptions } from './cli.ts';
import { stateOptions } from './cli.ts';
import { messageOf } from './examination.ts';
import type { Examination } from './examination.ts';
import { loadProject } from './project.ts';

const neededNode = 24;

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

import type { ProviderV4 } from '@ai-sdk/provider';
import type { McpOptions } from '../config/mcp-servers.ts';
import type { PriceOptions } from '../config/prices.ts';
import type { SettingOptions } from '../config/settings.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { SquadInput } from '../squads/squad.ts';
import type { AnyTool } from '../workflows/tool.ts';
import type { AnyWorkflow } from '../workflows/workflow.ts';

/** What `openSquadra` takes; everything has a default. */
export interface SquadraOptions {
  /** Short for `settings.stateDir`. */
  readonly stateDir?: string;
  /** Those of the environment in camelCase; they win over it. An unknown one is refused. */
  readonly settings?: SettingOptions;
  readonly workflows?: readonly AnyWorkflow[];
  /** Created for tenant `local` where missing, by name; an existing one is left as it is. */
  readonly squads?: readonly SquadInput[];
  /** Own tools, for members that list their names. */
  readonly tools?: readonly AnyTool[];
  /** MCP servers by name, for members that list `mcp:<name>`. */
  readonly mcp?: McpOptions;
  /** AI SDK providers by name, beside those built in. */
  readonly models?: Readonly<Record<string, ProviderV4>>;
  /** Own prices in US dollars per million tokens, by `provider/model` or `provider`; they win over the public list. */
  readonly prices?: PriceOptions;
}

const optionNames = new Set(['stateDir', 'settings', 'workflows', 'squads', 'tools', 'mcp', 'models', 'prices']);

/** An option that would do nothing is refused. Throws `INVALID_SETTING`. */
export function checkOptions(options: SquadraOptions): void {
  for (const name of Object.keys(options)) {
    if (optionNames.has(name)) continue;
    const message = `'${name}' is no option of openSquadra; those there are: ${[...optionNames].join(', ')}.`;
    throw new SquadraError('INVALID_SETTING', message);
  }
}

import type { McpServerSettings } from '../../config/mcp-servers.ts';
import type { Settings } from '../../config/settings.ts';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Member } from '../../squads/squad.ts';
import type { ToolNames } from '../../squads/tool-names.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AnyTool } from '../../workflows/tool.ts';
import { askMember } from '../ask-member.ts';
import { askPerson } from '../ask-person.ts';
import { createFetchTool } from './fetch-url/fetch-url.ts';
import { McpServers, type McpServerStatus } from './mcp/mcp-servers.ts';
import { emptyStaging } from './workspace/staged-file.ts';
import { createWorkspaceTools, stagingFolder } from './workspace/workspace-tools.ts';

/** All tools of an installation. */
export interface Toolbox extends ToolNames, AsyncDisposable {
  /** What can be written into a member's `tools`. */
  readonly names: readonly string[];
  /**
   * The tools that the member lists. Throws `UNKNOWN_TOOL` for one that is gone, and `TOOL_UNAVAILABLE` when a server that
   * has to be asked cannot be reached.
   */
  toolsOf(member: Pick<Member, 'name' | 'tools'>): Promise<readonly AnyTool[]>;
  /** Where the MCP servers stand, in order of their names. */
  servers(): readonly McpServerStatus[];
}

export interface ToolboxOptions {
  readonly settings: Pick<Settings, 'fetchAllow' | 'maxWorkspaceBytes'>;
  readonly mcpServers: readonly McpServerSettings[];
  /** The user's own. */
  readonly tools: readonly AnyTool[];
  /** The folder that holds the workspaces, `<state folder>/out`. */
  readonly workspaceRoot: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** `mcp:server` for all of its tools, `mcp:server/tool` for one. */
const mcpName = /^mcp:(?<server>[^/]+)(?:\/(?<tool>.+))?$/;

/** Collects the tools. MCP servers are started and connected to when a member first needs them. Throws `INVALID_SETTING` for a name that is taken. */
export async function createToolbox(options: ToolboxOptions): Promise<Toolbox> {
  const { settings, workspaceRoot, clock, logger } = options;
  const { fetchAllow, maxWorkspaceBytes } = settings;
  const builtIn = [
    ...createWorkspaceTools({ workspaceRoot, maxWorkspaceBytes }),
    createFetchTool({ fetchAllow, clock }),
    askPerson,
    askMember,
  ];
  const byName = uniqueByName(builtIn, options.tools);
  // What a crash left there; this process alone runs the state folder.
  await emptyStaging(stagingFolder(workspaceRoot));
  const servers = new McpServers(options.mcpServers, clock, logger);
  const names = [...byName.keys(), ...servers.names.map((name) => `mcp:${name}`)].toSorted();

  const known = (name: string): boolean => {
    const { server, tool } = mcpName.exec(name)?.groups ?? {};
    return server === undefined ? byName.has(name) : servers.mayHave(server, tool ?? null);
  };
  const check = (wanted: readonly string[], whose = ''): void => {
    const unknown = wanted.filter((name) => !known(name));
    if (unknown.length > 0) throw unknownTool(unknown, names, whose);
  };
  return {
    names,
    check,
    async toolsOf({ name, tools }) {
      check(tools, ` of ${name}`);
      const found = await Promise.all(
        [...new Set(tools)].map(async (wanted) => {
          const { server, tool } = mcpName.exec(wanted)?.groups ?? {};
          if (server !== undefined) return servers.toolsOf(server, tool ?? null);
          const one = byName.get(wanted);
          return one === undefined ? [] : [one];
        }),
      );
      return [...new Set(found.flat())];
    },
    servers: () => servers.status(),
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  };
}

function uniqueByName(builtIn: readonly AnyTool[], own: readonly AnyTool[]): ReadonlyMap<string, AnyTool> {
  const byName = new Map(builtIn.map((tool) => [tool.name, tool]));
  for (const tool of own) {
    if (byName.has(tool.name))
      throw new SquadraError('INVALID_SETTING', `There are two tools of the name '${tool.name}'; rename yours.`);
    byName.set(tool.name, tool);
  }
  return byName;
}

function unknownTool(unknown: readonly string[], known: readonly string[], whose: string): SquadraError {
  const what =
    unknown.length === 1
      ? `The tool${whose} ${JSON.stringify(unknown[0])} does`
      : `The tools${whose} ${unknown.map((name) => JSON.stringify(name)).join(', ')} do`;
  return new SquadraError('UNKNOWN_TOOL', `${what} not exist here. Known are: ${known.join(', ')}.`, {
    details: { unknown, known },
  });
}

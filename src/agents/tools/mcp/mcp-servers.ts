import type { McpServerSettings } from '../../../config/mcp-servers.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { SquadraError } from '../../../kernel/errors.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import type { AnyTool } from '../../../workflows/tool.ts';
import type { McpServerStatus } from './mcp-server.ts';
import type { McpTools } from './mcp-tools.ts';

export type { McpServerStatus } from './mcp-server.ts';

/** The configured MCP servers. The client is loaded with the first use: most installations have no server. */
export class McpServers implements AsyncDisposable {
  readonly #settings: ReadonlyMap<string, McpServerSettings>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #used = new Map<string, Promise<McpTools>>();
  readonly #status = new Map<string, () => McpServerStatus>();

  constructor(settings: readonly McpServerSettings[], clock: Clock, logger: Logger) {
    this.#settings = new Map(settings.map((one) => [one.name, one]));
    this.#clock = clock;
    this.#logger = logger;
  }

  get names(): readonly string[] {
    return [...this.#settings.keys()].toSorted();
  }

  /** Whether the server is configured and allows the tool; whether it has it is known when it is asked. */
  mayHave(name: string, tool: string | null): boolean {
    const settings = this.#settings.get(name);
    return settings !== undefined && (tool === null || settings.tools === null || settings.tools.includes(tool));
  }

  /** All allowed tools of a server, or one. */
  async toolsOf(name: string, tool: string | null): Promise<readonly AnyTool[]> {
    const tools = await (await this.#use(name)).all();
    if (tool === null) return [...tools.values()];
    const found = tools.get(tool);
    if (found !== undefined) return [found];
    const known = [...tools.keys()];
    const message = `MCP server '${name}' has no tool ${JSON.stringify(tool)}. It has: ${known.join(', ')}.`;
    throw new SquadraError('UNKNOWN_TOOL', message, { details: { unknown: [`mcp:${name}/${tool}`], known } });
  }

  status(): readonly McpServerStatus[] {
    return this.names.flatMap((name) => {
      const { transport } = this.#settings.get(name) ?? {};
      const idle = { connected: false, pid: null, calls: 0, connections: 0 };
      return transport === undefined ? [] : [this.#status.get(name)?.() ?? { name, transport, ...idle }];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#used.values()].map(async (used) => (await used).server.close()));
  }

  #use(name: string): Promise<McpTools> {
    const used = this.#used.get(name) ?? this.#load(name);
    this.#used.set(name, used);
    return used;
  }

  async #load(name: string): Promise<McpTools> {
    const settings = this.#settings.get(name);
    if (settings === undefined) throw new SquadraError('UNKNOWN_TOOL', `There is no MCP server '${name}'.`);
    const [{ McpServer }, { McpTools }] = await Promise.all([import('./mcp-server.ts'), import('./mcp-tools.ts')]);
    const server = new McpServer(settings, this.#clock, this.#logger);
    this.#status.set(name, () => server.status());
    return new McpTools(server);
  }
}

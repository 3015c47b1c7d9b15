/**
 * One configured MCP server, over the connections that it takes.
 *
 * M1  At most one connection is open; who needs one while it opens waits for the same.
 * M2  A connection that failed is not used again. The next call opens another one.
 * M3  A call is made once. Whether a failed one is made again is decided where it is journaled, not here.
 * M4  Nothing that was configured as a key leaves in an error or a log line.
 */
import type { CallToolResult, Tool as McpTool } from '@modelcontextprotocol/client';
import type { McpServerSettings } from '../../../config/mcp-servers.ts';
import { Semaphore } from '../../../flow/semaphore.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { SquadraError } from '../../../kernel/errors.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { scrubText } from '../../scrub.ts';
import { McpConnection } from './mcp-connection.ts';
import { mcpError, verdictOf } from './mcp-errors.ts';

/** Calls under way at one server. Many servers do one thing after the other anyway. */
const maxConcurrentCalls = 32;

/** Where a server stands, for people. */
export interface McpServerStatus {
  readonly name: string;
  readonly transport: 'stdio' | 'http';
  readonly connected: boolean;
  readonly pid: number | null;
  readonly calls: number;
  /** Connections opened so far. */
  readonly connections: number;
}

/** Calls the tools of one server, and keeps its connection. */
export class McpServer {
  readonly settings: McpServerSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #places = new Semaphore(maxConcurrentCalls);
  #opening: Promise<McpConnection> | null = null;
  #current: McpConnection | null = null;
  #tools: Promise<readonly McpTool[]> | null = null;
  #connections = 0;
  #closed = false;

  constructor(settings: McpServerSettings, clock: Clock, logger: Logger) {
    this.settings = settings;
    this.#clock = clock;
    this.#logger = logger;
  }

  status(): McpServerStatus {
    const { name, transport } = this.settings;
    return {
      name,
      transport,
      connected: this.#current !== null,
      pid: this.#current?.pid ?? null,
      calls: this.#places.stats().taken,
      connections: this.#connections,
    };
  }

  /** What the server offers, as last listed: the same array until it says that its tools changed, or is connected to again. */
  async tools(): Promise<readonly McpTool[]> {
    const connection = await this.#connection();
    this.#tools ??= connection.tools();
    const listing = this.#tools;
    try {
      return await listing;
    } catch (error) {
      if (this.#tools === listing) this.#tools = null;
      throw await this.#failure(error, connection, null);
    }
  }

  /** One call. Rejects with the signal's reason when nobody wants it any more. */
  async call(tool: string, input: Record<string, unknown>, signal: AbortSignal): Promise<CallToolResult> {
    const release = await this.#places.acquire(signal);
    try {
      const connection = await this.#connection();
      signal.throwIfAborted();
      try {
        return await connection.call(tool, input, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw await this.#failure(error, connection, tool);
      }
    } finally {
      release();
    }
  }

  /** Ends the connection, and the process behind it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#current?.close();
  }

  #connection(): Promise<McpConnection> {
    if (this.#closed) {
      const message = `MCP server '${this.settings.name}' is not used any more: this process is shutting down.`;
      return Promise.reject(new SquadraError('SHUTTING_DOWN', message));
    }
    return (this.#opening ??= this.#open());
  }

  async #open(): Promise<McpConnection> {
    const connection: McpConnection = new McpConnection(this.settings, this.#clock, {
      onClose: () => this.#forget(connection),
      onToolsChanged: () => (this.#tools = null),
      onTrouble: (error) => this.#log('debug', 'An MCP server caused trouble.', error),
    });
    this.#current = connection;
    try {
      await connection.open();
      this.#connections += 1;
      return connection;
    } catch (error) {
      const failure = await this.#failure(error, connection, null);
      this.#log('warn', 'An MCP server could not be reached.', failure);
      throw failure;
    }
  }

  async #failure(error: unknown, connection: McpConnection, tool: string | null): Promise<Error> {
    const verdict = verdictOf(error);
    const isUsable = verdict === 'keep' || (verdict === 'probe' && tool !== null && (await connection.isAlive()));
    if (!isUsable) {
      this.#forget(connection);
      if (verdict === 'drop') await connection.listenToEnd();
      // Its end is nobody's business here; a process that does not end is made to.
      void connection.close().catch((trouble: unknown) => this.#log('debug', 'An MCP server did not close.', trouble));
    }
    const { name: server, startTimeoutMs, secrets } = this.settings;
    const timeoutMs = tool === null ? startTimeoutMs : this.settings.timeoutMs;
    return mcpError(error, { server, tool, timeoutMs, secrets, lastWords: connection.lastWords });
  }

  #forget(connection: McpConnection): void {
    if (this.#current !== connection) return;
    this.#current = null;
    this.#opening = null;
    this.#tools = null;
  }

  #log(level: 'debug' | 'warn', message: string, error: unknown): void {
    const { name: server, secrets } = this.settings;
    this.#logger[level](
      { server, error: scrubText(error instanceof Error ? error.message : String(error), secrets) },
      message,
    );
  }
}

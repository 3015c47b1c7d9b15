import { type CallToolResult, Client, type Tool as McpTool, type Transport } from '@modelcontextprotocol/client';
import type { McpServerSettings } from '../../../config/mcp-servers.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { RemoteServer } from './remote-server.ts';
import { ServerProcess } from './server-process.ts';

/** Beyond it a list of tools is no list for a model. */
const maxTools = 500;
const maxPages = 20;
/** How long a server that was too slow has to show that it is alive. */
const probeMs = 5_000;
/** How long one has to hear that we are done with it. */
const farewellMs = 1_000;

/** What a connection tells whoever holds it. */
export interface ConnectionEvents {
  onClose(): void;
  onToolsChanged(): void;
  /** Something went wrong that no call is told of. */
  onTrouble(error: Error): void;
}

/** A server that was started or connected to, from its handshake to its end. */
export class McpConnection {
  readonly #client: Client;
  readonly #transport: Transport;
  readonly #settings: McpServerSettings;
  readonly #clock: Clock;

  constructor(settings: McpServerSettings, clock: Clock, events: ConnectionEvents) {
    this.#settings = settings;
    this.#clock = clock;
    this.#transport =
      settings.transport === 'stdio'
        ? new ServerProcess(settings, clock)
        : new RemoteServer(settings.url, settings.headers);
    this.#client = new Client(
      { name: 'squadra', version: '1' },
      {
        // Servers may not ask us for anything: no sampling, no questions to the user, no folders.
        capabilities: {},
        // Answers go to a model as text. Their schemas come from outside too, and compiling those runs them as code.
        jsonSchemaValidator: {
          getValidator: () => (data) => ({ valid: true, data: data as never, errorMessage: undefined }),
        },
        // A server that is started speaks the protocol that every server has; asking first would start it twice.
        versionNegotiation: { mode: settings.transport === 'http' ? 'auto' : 'legacy' },
        listChanged: { tools: { autoRefresh: false, onChanged: () => events.onToolsChanged() } },
        listMaxPages: maxPages,
      },
    );
    this.#client.onclose = () => events.onClose();
    this.#client.onerror = (error) => events.onTrouble(error);
  }

  /** The process that was started; null over HTTP and after its end. */
  get pid(): number | null {
    return this.#transport instanceof ServerProcess ? this.#transport.pid : null;
  }

  /** The end of what a started server wrote to its standard error. */
  get lastWords(): string {
    return this.#transport instanceof ServerProcess ? this.#transport.lastWords : '';
  }

  /** After a failure: gives a process that is dying the moment to say why. */
  async listenToEnd(): Promise<void> {
    if (this.#transport instanceof ServerProcess) await this.#transport.listenToEnd();
  }

  open(): Promise<void> {
    return this.#client.connect(this.#transport, { timeout: this.#settings.startTimeoutMs });
  }

  async tools(): Promise<readonly McpTool[]> {
    const { tools } = await this.#client.listTools(undefined, {
      timeout: this.#settings.startTimeoutMs,
      cacheMode: 'refresh',
    });
    return tools.slice(0, maxTools);
  }

  call(name: string, input: Record<string, unknown>, signal: AbortSignal): Promise<CallToolResult> {
    return this.#client.callTool({ name, arguments: input }, { signal, timeout: this.#settings.timeoutMs });
  }

  /** Whether it still answers. */
  async isAlive(): Promise<boolean> {
    try {
      await this.#client.ping({ timeout: probeMs });
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    // The session is ours alone; a server that is told so can forget it. One that does not listen is not waited for.
    if (this.#transport instanceof RemoteServer) {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = this.#clock.setTimer(farewellMs, resolve);
      await Promise.race([this.#transport.terminateSession().catch(() => {}), late]);
      timer.cancel();
    }
    await this.#transport.close();
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createToolbox, type Toolbox } from '../../../src/agents/tools/toolbox.ts';
import { type McpOptions, readMcpServers } from '../../../src/config/mcp-servers.ts';
import { readSettings } from '../../../src/config/settings.ts';
import { type Clock, systemClock } from '../../../src/kernel/clock.ts';
import type { AnyTool } from '../../../src/workflows/tool.ts';
import { named, temporaryFolder } from './calling.ts';

const everything = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));
const odd = fileURLToPath(new URL('../../support/odd-mcp-server.ts', import.meta.url));

/** The official test server as a command. */
export const everythingCommand = { command: process.execPath, args: [everything, 'stdio'] };

/** A server that misbehaves in this manner, as a command. */
export function oddCommand(manner: string, port?: number) {
  return { command: process.execPath, args: [odd, manner, ...(port === undefined ? [] : [String(port)])] };
}

/** A log line as a test sees it. */
export type LogLine = readonly [level: string, fields: object, message: string];

/** A toolbox with MCP servers, closed after the test. */
export async function openToolbox(
  mcp: McpOptions,
  options: { clock?: Clock; tools?: readonly AnyTool[]; log?: LogLine[] } = {},
): Promise<Toolbox> {
  const { clock = systemClock, tools = [], log = [] } = options;
  const note = (level: string) => (fields: object, message: string) => void log.push([level, fields, message]);
  const toolbox = await createToolbox({
    settings: readSettings({}),
    mcpServers: readMcpServers(mcp),
    tools,
    workspaceRoot: temporaryFolder(),
    clock,
    logger: { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') },
  });
  onTestFinished(() => toolbox[Symbol.asyncDispose]());
  return toolbox;
}

/** The tool of that name of a member that lists these. */
export async function toolOf(toolbox: Toolbox, listed: string, name: string): Promise<AnyTool> {
  return named(await toolbox.toolsOf({ name: 'Tess', tools: [listed] }), name);
}

/** The official test server over HTTP. It is started again on the same port by `start`. */
export class HttpEverything {
  readonly port: number;
  #child: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  static async open(): Promise<HttpEverything> {
    const taken = await listening();
    const server = new HttpEverything(taken.port);
    await new Promise((resolve) => taken.server.close(resolve));
    await server.start();
    onTestFinished(() => server.kill());
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [everything, 'streamableHttp'], {
      env: { ...process.env, PORT: String(this.port) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    for await (const line of createInterface(child.stderr)) if (line.includes('listening')) return;
    throw new Error('The server did not start.');
  }

  async kill(): Promise<void> {
    if (this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

/** Counts who is connected: processes that hold a connection for as long as they live. */
export class Witness {
  readonly port: number;
  #connected = 0;
  #waiting: { readonly count: number; readonly resolve: (count: number) => void }[] = [];

  private constructor(server: Server, port: number) {
    this.port = port;
    server.on('connection', (socket) => {
      this.#count(1);
      socket.on('error', () => {});
      socket.once('close', () => this.#count(-1));
    });
  }

  static async open(): Promise<Witness> {
    const { server, port } = await listening();
    onTestFinished(() => void server.close());
    return new Witness(server, port);
  }

  /** Resolves when that many processes live. */
  living(count: number): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
      this.#count(0);
    });
  }

  #count(change: number): void {
    this.#connected += change;
    for (const waiting of this.#waiting.filter(({ count }) => count === this.#connected))
      waiting.resolve(this.#connected);
    this.#waiting = this.#waiting.filter(({ count }) => count !== this.#connected);
  }
}

async function listening(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Whether a process lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

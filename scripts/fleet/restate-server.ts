import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';

export interface RestateServerOptions {
  /** Where its data goes; made if it is missing. */
  readonly folder: string;
  /** 1, or 3 for a cluster that keeps everything twice. */
  readonly nodes?: 1 | 3;
  /** Invocations that a node has in hand at the same time. */
  readonly concurrentInvocations?: number;
  /** Lines of TOML that go before the tables. */
  readonly settings?: readonly string[];
}

interface Ports {
  readonly node: number;
  readonly ingress: number;
  readonly admin: number;
}

/** Fixed when a cluster is provisioned; few are enough for one machine, and each costs memory. */
const partitions = 4;

/** One process of Restate. */
export class RestateNode {
  readonly name: string;
  /** Where calls go. */
  readonly ingressUrl: string;
  /** Where workers are registered. */
  readonly adminUrl: string;
  /** Where nodes talk to each other. */
  readonly nodeUrl: string;
  readonly #process: ServerProcess;

  constructor(name: string, { node, ingress, admin }: Ports, process: ServerProcess) {
    this.name = name;
    this.ingressUrl = `http://127.0.0.1:${ingress}`;
    this.adminUrl = `http://127.0.0.1:${admin}`;
    this.nodeUrl = `http://127.0.0.1:${node}`;
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get said(): string {
    return this.#process.said;
  }

  launch(): void {
    this.#process.start();
  }

  /** Resolves when it takes calls. */
  async ready(): Promise<void> {
    await this.#process.ready(async () => {
      return (await isOk(`${this.ingressUrl}/restate/health`)) && (await isOk(`${this.adminUrl}/query`, everywhere));
    });
  }

  /** Starts it again after it was ended. */
  async resume(): Promise<void> {
    this.launch();
    await this.ready();
  }

  /** SIGTERM says good-bye to the others; SIGKILL is a crash. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#process.end(signal);
  }
}

/** A Restate of its own on free ports of loopback, from the binaries of `@restatedev/restate-server`: one node or three. */
export class RestateServer implements AsyncDisposable {
  readonly nodes: readonly RestateNode[];

  private constructor(nodes: readonly RestateNode[]) {
    this.nodes = nodes;
  }

  static async start(options: RestateServerOptions): Promise<RestateServer> {
    const { folder, nodes: count = 1 } = options;
    const ports: Ports[] = [];
    for (let each = 0; each < count; each++)
      ports.push({ node: await freePort(), ingress: await freePort(), admin: await freePort() });
    const server = new RestateServer(ports.map((own, place) => nodeOf(options, place, own, ports)));
    try {
      for (const node of server.nodes) node.launch();
      if (count > 1) await provision(folder, server.nodes);
      await Promise.all(server.nodes.map((node) => node.ready()));
    } catch (error) {
      await server.end('SIGKILL');
      throw error;
    }
    return server;
  }

  get ingressUrls(): readonly string[] {
    return this.nodes.map(({ ingressUrl }) => ingressUrl);
  }

  get adminUrls(): readonly string[] {
    return this.nodes.map(({ adminUrl }) => adminUrl);
  }

  async resume(): Promise<void> {
    for (const node of this.nodes) node.launch();
    await Promise.all(this.nodes.map((node) => node.ready()));
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end(signal)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing of it is needed any more, and nodes that say good-bye one after the other take their time.
    await this.end('SIGKILL');
  }
}

function nodeOf(options: RestateServerOptions, place: number, own: Ports, all: readonly Ports[]): RestateNode {
  const name = `node-${place + 1}`;
  const folder = join(options.folder, name);
  // What it spills lies beside the rest, and goes with it.
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const path = join(folder, 'restate.toml');
  writeFileSync(path, configurationOf(options, name, folder, own, all));
  const process = new ServerProcess(`restate ${name}`, {
    command: binary('restate-server'),
    args: ['--no-logo', '--config-file', path],
    cwd: folder,
    env: { ...environment(), TMPDIR: temporary },
  });
  return new RestateNode(name, own, process);
}

function configurationOf(
  { concurrentInvocations = 10_000, settings = [] }: RestateServerOptions,
  name: string,
  folder: string,
  own: Ports,
  all: readonly Ports[],
): string {
  const isCluster = all.length > 1;
  const address = (port: number): string => `127.0.0.1:${port}`;
  const peers = all.map(({ node }) => JSON.stringify(`http://${address(node)}`)).join(', ');
  return [
    `node-name = "${name}"`,
    `cluster-name = "squadra"`,
    `base-dir = ${JSON.stringify(folder)}`,
    `listen-mode = "tcp"`,
    `bind-address = "${address(own.node)}"`,
    `advertised-address = "http://${address(own.node)}"`,
    `auto-provision = ${!isCluster}`,
    `default-num-partitions = ${partitions}`,
    `default-replication = ${isCluster ? 2 : 1}`,
    'disable-telemetry = true',
    'log-filter = "warn"',
    ...settings,
    ...(isCluster ? [`[metadata-client]`, `type = "replicated"`, `addresses = [${peers}]`] : []),
    `[bifrost]`,
    `default-provider = "${isCluster ? 'replicated' : 'local'}"`,
    `[admin]`,
    `bind-address = "${address(own.admin)}"`,
    `[ingress]`,
    `bind-address = "${address(own.ingress)}"`,
    `[worker.invoker]`,
    `concurrent-invocations-limit = ${concurrentInvocations}`,
  ].join('\n');
}

/** Makes one cluster of nodes that run; they answer some time after they were launched. */
async function provision(folder: string, nodes: readonly RestateNode[]): Promise<void> {
  const [first] = nodes;
  if (first === undefined) return;
  const deadline = Date.now() + 30_000;
  for (;;) {
    const tool = new ServerProcess('restatectl', {
      command: binary('restatectl'),
      args: `provision --yes --address ${first.nodeUrl} --num-partitions ${partitions} --replication 2 --log-provider replicated`.split(
        ' ',
      ),
      cwd: folder,
      env: environment(),
    });
    tool.start();
    const failure = await tool.ended().then(
      () => null,
      (error: unknown) => error,
    );
    // It says that it succeeded when it failed: only this line is one of success.
    if (tool.said.includes('has been successfully provisioned')) return;
    if (Date.now() > deadline)
      throw new Error(`Restate could not be provisioned: ${tool.said}\n${first.said}`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The program that one of Restate's packages brings for this platform. */
function binary(name: 'restate-server' | 'restatectl'): string {
  const require = createRequire(createRequire(import.meta.url).resolve(`@restatedev/${name}/package.json`));
  return require.resolve(`@restatedev/${name}-${process.platform}-${process.arch}/bin/${name}`);
}

/** With RUST_BACKTRACE set nodes spend their time on backtraces when one of them is gone; other variables would be settings. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'RUST_BACKTRACE' && !name.startsWith('RESTATE_')),
  );
}

/** Is answered when each partition has found its node: seconds after the nodes of a new cluster say that they are healthy. */
const everywhere: RequestInit = {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json' },
  body: JSON.stringify({ query: 'SELECT count(*) FROM sys_invocation_status' }),
};

async function isOk(url: string, request: RequestInit = {}): Promise<boolean> {
  try {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

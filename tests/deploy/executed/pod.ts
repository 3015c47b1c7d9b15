import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { IProbe } from 'kubernetes-models/v1';
import { ServerProcess } from '../../../scripts/fleet/server-process.ts';
import { images } from './image.ts';
import { environmentOf, filesOf } from '../manifests.ts';
import type { Workload } from '../manifests.ts';

export interface PodOptions {
  readonly name: string;
  readonly workload: Workload;
  /** An address of loopback that no other pod has. */
  readonly host: string;
  readonly folder: string;
  /** What stands in the manifests, as it is on this machine: names become addresses. */
  readonly localise: (text: string) => string;
  /** Files in place of what the manifests give it, by their paths. */
  readonly files: Readonly<Record<string, string>>;
  /** Folders of programs that are in its image, for those who call them by their names. */
  readonly programs: string;
  /** Where on this machine a path of an image is; itself where nobody knows. */
  readonly locate: (path: string) => string;
  /** Where the project lies that is in the image, for what runs in `/srv/squadra`. */
  readonly project: string;
  /** Where the disk is that several pods share, by the path at which they have it. */
  readonly shared: Readonly<Record<string, string>>;
  /** Secrets that are optional, and left out. */
  readonly withoutSecrets: readonly string[];
}

/** How the end of a pod went. */
export interface PodEnd {
  /** From when it was told to end, the pause before the signal included. */
  readonly tookMs: number;
  /** It had to be killed, because it was not gone in time. */
  readonly wasKilled: boolean;
}

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

/** One pod, as a node of Kubernetes runs it: its container's command, its variables, its files, its probes, its end. */
export class Pod {
  readonly name: string;
  readonly host: string;
  readonly #options: PodOptions;
  readonly #process: ServerProcess;
  readonly #stop = new AbortController();
  #isReady = false;
  #isEnding = false;
  /** Probes that would have had it restarted. */
  livenessFailures = 0;

  constructor(options: PodOptions) {
    this.#options = options;
    this.name = options.name;
    this.host = options.host;
    const { workload, folder } = options;
    const image = images.get(imageName(workload));
    if (image === undefined) throw new Error(`Nobody knows the image of ${workload.name}.`);
    const { command = image.entrypoint, args } = workload.container;
    const [program = '', ...words] = [
      ...command,
      ...(args ?? (workload.container.command === undefined ? image.command : [])),
    ];
    for (const [path, text] of filesOf(workload)) this.#write(path, options.files[path] ?? text);
    for (const { mountPath } of workload.container.volumeMounts ?? []) this.#make(mountPath);
    this.#process = new ServerProcess(this.name, {
      command: options.locate(program),
      args: words.map((word) => (options.locate(word) === word ? this.#local(word) : options.locate(word))),
      cwd: image.workdir === null || image.workdir === '/srv/squadra' ? options.project : join(folder, image.workdir),
      env: { PATH: `${options.programs}:${process.env['PATH'] ?? ''}`, ...this.#environment() },
      asNobody: true,
    });
  }

  /** Whether its Service sends it connections. */
  get isEndpoint(): boolean {
    return this.#isReady && !this.#isEnding;
  }

  get said(): string {
    return this.#process.said;
  }

  /** The most memory that it has had, and what it has now, in MiB. */
  get memory(): { readonly most: number; readonly now: number } {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
    return { most: read('VmHWM'), now: read('VmRSS') };
  }

  /** Resolves when its probes say that it is ready. */
  async start(): Promise<void> {
    const { startupProbe, readinessProbe, livenessProbe } = this.#options.workload.container;
    this.#process.start();
    if (startupProbe !== undefined) await this.#untilPassed(startupProbe);
    void this.#watch(livenessProbe, (isAlive) => {
      if (!isAlive) this.livenessFailures += 1;
    });
    const ready = Promise.withResolvers<void>();
    void this.#watch(readinessProbe, (isReady) => {
      this.#isReady = isReady;
      if (isReady) ready.resolve();
    });
    await Promise.race([ready.promise, this.#process.ready(async () => this.#isReady, 90_000)]);
  }

  /** Resolves when it has ended by itself; rejects with what it said when that was no success. */
  async completes(): Promise<void> {
    this.#process.start();
    await this.#process.ended();
  }

  /** As when a pod is deleted: out of its Service, the pause or command before the signal, the signal, and the kill when it takes too long. */
  async end(): Promise<PodEnd> {
    const { workload } = this.#options;
    const begunAt = performance.now();
    const graceMs = (workload.pod.terminationGracePeriodSeconds ?? 30) * 1_000;
    // Proxies of other nodes hear of it some time later.
    const heard = pause(hearingMs).then(() => (this.#isEnding = true));
    const { preStop } = workload.container.lifecycle ?? {};
    if (preStop !== undefined && preStop.sleep === undefined)
      throw new Error('These tests know only one kind of pause.');
    await pause((preStop?.sleep?.seconds ?? 0) * 1_000);
    this.#stop.abort();
    const left = new AbortController();
    const killed = pause(graceMs - (performance.now() - begunAt), true, { signal: left.signal }).catch(() => false);
    const gone = this.#process.end(images.get(imageName(workload))?.stopSignal ?? 'SIGTERM').then(() => false);
    const wasKilled = await Promise.race([gone, killed]);
    if (wasKilled) await this.kill();
    left.abort();
    await heard;
    return { tookMs: performance.now() - begunAt, wasKilled };
  }

  async kill(): Promise<void> {
    this.#isEnding = true;
    this.#stop.abort();
    await this.#process.end('SIGKILL');
  }

  async #watch(probe: IProbe | undefined, tell: (passes: boolean) => void): Promise<void> {
    if (probe === undefined) return tell(true);
    const { signal } = this.#stop;
    let failures = 0;
    try {
      await pause((probe.initialDelaySeconds ?? 0) * 1_000, undefined, { signal });
      for (;;) {
        failures = (await this.#passes(probe)) ? 0 : failures + 1;
        if (failures === 0 || failures === (probe.failureThreshold ?? 3)) tell(failures === 0);
        await pause((probe.periodSeconds ?? 10) * 1_000, undefined, { signal });
      }
    } catch {
      // It ends.
    }
  }

  async #untilPassed(probe: IProbe): Promise<void> {
    const attempts = probe.failureThreshold ?? 3;
    for (let attempt = 1; !(await this.#passes(probe)); attempt++) {
      if (attempt >= attempts) throw new Error(`${this.name} would have been restarted: ${this.said}`);
      await pause((probe.periodSeconds ?? 10) * 1_000);
    }
  }

  /** One probe, as it is written. */
  async #passes({ httpGet, tcpSocket, timeoutSeconds = 1 }: IProbe): Promise<boolean> {
    const port = this.portOf(httpGet?.port ?? tcpSocket?.port);
    if (httpGet !== undefined) {
      try {
        const url = `http://${this.host}:${port}${httpGet.path ?? '/'}`;
        const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutSeconds * 1_000) });
        await answer.body?.cancel();
        return answer.ok;
      } catch {
        return false;
      }
    }
    return new Promise((resolve) => {
      const socket = connect({ port, host: this.host, timeout: timeoutSeconds * 1_000 });
      const say = (passes: boolean) => () => (socket.destroy(), resolve(passes));
      socket.once('connect', say(true)).once('error', say(false)).once('timeout', say(false));
    });
  }

  /** The number of a port of its container. */
  portOf(port: string | number | undefined): number {
    const { ports } = this.#options.workload.container;
    const found = ports?.find(({ name, containerPort }) => name === port || containerPort === port)?.containerPort;
    if (found === undefined) throw new Error(`${this.name} has no port ${String(port)}.`);
    return found;
  }

  #environment(): Record<string, string> {
    const { workload, withoutSecrets } = this.#options;
    const given = environmentOf(workload, this.name, withoutSecrets);
    return Object.fromEntries(Object.entries(given).map(([name, text]) => [name, this.#local(text)]));
  }

  /** Its own address is meant where it listens everywhere, and its own folder where a path is mounted. */
  #local(text: string): string {
    let local = this.#options
      .localise(text)
      .replaceAll('0.0.0.0', this.host)
      .replaceAll(/^listen_addr = \*$/gm, `listen_addr = ${this.host}`);
    local = local.replaceAll(/^( *listen )(\d+)/gm, `$1${this.host}:$2`);
    const mounted = (this.#options.workload.container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    if (mounted.length === 0) return local;
    const paths = new RegExp(`(?<![\\w/])(?:${mounted.join('|')})(?=[/"';]|$)`, 'gm');
    local = local.replaceAll(paths, (path) => this.#path(path));
    return local;
  }

  #path(path: string): string {
    return this.#options.shared[path] ?? join(this.#options.folder, path);
  }

  #make(mountPath: string): void {
    const path = this.#path(mountPath);
    mkdirSync(path, { recursive: true });
    const isWritten = ![...filesOf(this.#options.workload).keys()].some((file) => file.startsWith(`${mountPath}/`));
    if (isRoot && isWritten) chownSync(path, nobody, nobody);
  }

  #write(path: string, text: string): void {
    const local = join(this.#options.folder, path);
    mkdirSync(dirname(local), { recursive: true });
    writeFileSync(local, this.#local(text));
  }
}

/** So long after a pod was told to end there still come connections for it. */
const hearingMs = 2_000;

function imageName({ container }: Workload): string {
  return (container.image ?? '').split(':')[0] ?? '';
}

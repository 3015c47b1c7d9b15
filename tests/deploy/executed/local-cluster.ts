import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ofRestate } from './image.ts';
import { behind, selects, services, workload } from '../manifests.ts';
import type { Workload } from '../manifests.ts';
import { Pod } from './pod.ts';
import { ServiceAddress } from './service-address.ts';

export interface LocalClusterOptions {
  readonly folder: string;
  /** Of PostgreSQL, which the manifests expect elsewhere. */
  readonly postgresPort: number;
  /** What the image of Squadra adds to its base. */
  readonly image: string;
  /** What is in it at /srv/squadra. */
  readonly project: string;
  /** Files in place of those of the example of the secrets, by the paths at which containers have them. */
  readonly files: Readonly<Record<string, string>>;
  /** Secrets that are optional, and left out. */
  readonly withoutSecrets: readonly string[];
}

/**
 * What the manifests describe, on this machine. Every pod has an address of loopback for itself and listens there on the ports that
 * are written; every Service has one, where connections are given to pods that are ready. Names become addresses; nothing else changes.
 */
export class LocalCluster implements AsyncDisposable {
  readonly #options: LocalClusterOptions;
  readonly #network = randomInt(16, 250);
  readonly #pods = new Map<string, { readonly pod: Pod; readonly workload: Workload }>();
  readonly #opened = new AsyncDisposableStack();
  readonly #hosts = new Map<string, string>();
  #lastHost = 0;

  private constructor(options: LocalClusterOptions) {
    this.#options = options;
  }

  static async open(options: LocalClusterOptions): Promise<LocalCluster> {
    const cluster = new LocalCluster(options);
    mkdirSync(options.folder, { recursive: true });
    chmodSync(options.folder, 0o755);
    // What a script in a manifest calls by its name.
    mkdirSync(join(options.folder, 'programs'), { recursive: true });
    for (const name of ['restatectl', 'restate-server'] as const)
      symlinkSync(ofRestate(name), join(options.folder, 'programs', name));
    for (const { metadata, spec } of services) {
      const name = metadata?.name ?? '';
      if (spec?.type === 'ExternalName' || spec?.clusterIP === 'None') continue;
      const host = cluster.#hostOf(name);
      for (const { port } of spec?.ports ?? [])
        cluster.#opened.use(
          await ServiceAddress.open(host, port, () => {
            const { target, port: inside } = behind(name, port);
            return cluster.#endpoints(target.labels).map((pod) => ({ host: pod.host, port: inside }));
          }),
        );
    }
    return cluster;
  }

  /** The address of a Service, or of a pod of one that has none (`restate-0.restate-nodes`). */
  address(name: string): string {
    return this.#hostOf(name.split('.')[0] ?? name);
  }

  podsOf(name: string): Pod[] {
    return [...this.#pods.values()].filter((each) => each.workload.name === name).map(({ pod }) => pod);
  }

  /** Resolves when as many pods of it as asked for are there and ready. */
  async scale(name: string, count: number): Promise<void> {
    const first = this.podsOf(name).length;
    await Promise.all(Array.from({ length: count - first }, () => this.#add(workload(name)).start()));
  }

  /** As a rollout does it: one more, and when that is ready one less, until all are new. */
  async roll(name: string): Promise<Awaited<ReturnType<Pod['end']>>[]> {
    const ends = [];
    for (const old of this.podsOf(name)) {
      await this.#add(workload(name)).start();
      ends.push(await old.end());
      this.#pods.delete(old.name);
    }
    return ends;
  }

  /** One pod of it is gone, without a word. */
  async lose(name: string): Promise<void> {
    const [lost] = this.podsOf(name);
    if (lost === undefined) throw new Error(`There is no pod of ${name}.`);
    await lost.kill();
    this.#pods.delete(lost.name);
  }

  /** Runs a Job to its end. */
  async complete(name: string): Promise<string> {
    const pod = this.#add(workload(name));
    await pod.completes();
    this.#pods.delete(pod.name);
    return pod.said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pods.values()].map(({ pod }) => pod.kill()));
    await this.#opened.disposeAsync();
  }

  #endpoints(labels: Workload['labels']): Pod[] {
    return [...this.#pods.values()]
      .filter(({ pod, workload: own }) => pod.isEndpoint && selects(labels, own.labels))
      .map(({ pod }) => pod);
  }

  #add(own: Workload): Pod {
    const { folder, image, project, withoutSecrets, files } = this.#options;
    let place = 0;
    while (
      this.#pods.has(`${own.name}-${place}`) ||
      (own.kind !== 'StatefulSet' && this.#hosts.has(`${own.name}-${place}`))
    )
      place += 1;
    const name = `${own.name}-${place}`;
    const pod = new Pod({
      name,
      workload: own,
      host: this.#hostOf(name),
      folder: join(folder, name),
      localise: (text) => this.#localise(text),
      project,
      files,
      programs: join(folder, 'programs'),
      locate: (path) => (/^\/(?:app|usr\/local\/bin)\//.test(path) ? join(image, path) : path),
      shared: { '/var/lib/squadra': join(folder, 'shared') },
      withoutSecrets,
    });
    this.#pods.set(name, { pod, workload: own });
    return pod;
  }

  #localise(text: string): string {
    const local = text.replaceAll('host=postgres port=5432', `host=127.0.0.1 port=${this.#options.postgresPort}`);
    // Names stand before a port: `http://restate-0.restate-nodes:8080`, `server api:8080`.
    return local.replaceAll(/(?<![\w.-])([a-z][a-z0-9-]*(?:\.restate-nodes)?)(?=:\d+)/g, (name: string) =>
      this.#isKnown(name) ? this.address(name) : name,
    );
  }

  #isKnown(name: string): boolean {
    return (
      name.endsWith('.restate-nodes') ||
      services.some(({ metadata, spec }) => metadata?.name === name && spec?.type !== 'ExternalName')
    );
  }

  #hostOf(name: string): string {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    this.#lastHost += 1;
    const host = `127.${this.#network}.${Math.floor(this.#lastHost / 250) + 1}.${(this.#lastHost % 250) + 1}`;
    this.#hosts.set(name, host);
    return host;
  }
}

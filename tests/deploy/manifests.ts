import { join } from 'node:path';
import type { IDeployment, IStatefulSet } from 'kubernetes-models/apps/v1';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IConfigMap, IContainer, IPodSpec, ISecret, IService } from 'kubernetes-models/v1';
import { root } from '../repo/repo-files.ts';
import { readManifests, renderKustomization } from './kustomization.ts';
import type { Manifest } from './kustomization.ts';

/** What is applied. */
export const applied = renderKustomization(join(root, 'deploy/kubernetes'));
/** The secrets that it names, as the example shows them. */
export const secrets = readManifests(join(root, 'deploy/kubernetes/secrets.example.yaml'));
export const manifests: readonly Manifest[] = [...applied, ...secrets];

export type Labels = Readonly<Record<string, string>>;

/** Something that makes pods. */
export interface Workload {
  readonly kind: 'Deployment' | 'StatefulSet' | 'Job';
  readonly name: string;
  readonly labels: Labels;
  readonly pod: IPodSpec;
  /** Its only container. */
  readonly container: IContainer;
}

// The shapes are those of the schemas, against which a test of their own holds every manifest.
export function all<T>(kind: string): readonly T[] {
  return manifests.filter((each) => each.kind === kind) as unknown as readonly T[];
}

export function one<T>(kind: string, name: string): T {
  const found = manifests.find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} ${name}.`);
  return found as unknown as T;
}

export const workloads: readonly Workload[] = [
  ...all<IDeployment>('Deployment'),
  ...all<IStatefulSet>('StatefulSet'),
  ...all<IJob>('Job'),
].map(({ kind, metadata, spec }) => {
  const name = metadata?.name ?? '';
  const pod = spec?.template.spec;
  const [container, ...others] = pod?.containers ?? [];
  if (pod === undefined || container === undefined || others.length > 0)
    throw new Error(`${kind} ${name} has not one container.`);
  return { kind, name, labels: spec?.template.metadata?.labels ?? {}, pod, container };
});

export function workload(name: string): Workload {
  const found = workloads.find((each) => each.name === name);
  if (found === undefined) throw new Error(`Nothing makes pods of the name ${name}.`);
  return found;
}

export const services = all<IService>('Service');
export const policies = all<INetworkPolicy>('NetworkPolicy');

/** Whether pods of these labels are meant. */
export function selects(selector: Labels | undefined, labels: Labels): boolean {
  return selector !== undefined && Object.entries(selector).every(([name, value]) => labels[name] === value);
}

/** The workload behind a Service, or behind the name of one of its pods (`restate-0.restate-nodes`), and the port of its container. */
export function behind(host: string, port: number): { readonly target: Workload; readonly port: number } {
  const name = host.split('.').at(-1) ?? host;
  const service = services.find(({ metadata }) => metadata?.name === name);
  const found = service?.spec?.ports?.find((each) => each.port === port);
  const target = workloads.find(({ labels }) => selects(service?.spec?.selector, labels));
  const inside = target?.container.ports?.find((each) => each.name === found?.targetPort)?.containerPort;
  if (target === undefined || inside === undefined) throw new Error(`Nobody is behind ${host}:${port}.`);
  return { target, port: inside };
}

/** The variables that a container gets, those from ConfigMaps and Secrets too. */
export function environmentOf(
  { name, container }: Workload,
  podName = `${name}-0`,
  withoutSecrets: readonly string[] = [],
): Record<string, string> {
  const given: Record<string, string> = {};
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef !== undefined) Object.assign(given, one<IConfigMap>('ConfigMap', configMapRef.name ?? '').data);
    if (secretRef === undefined || (secretRef.optional === true && withoutSecrets.includes(secretRef.name ?? '')))
      continue;
    Object.assign(given, one<ISecret>('Secret', secretRef.name ?? '').stringData);
  }
  for (const { name: variable, value, valueFrom } of container.env ?? []) {
    if (valueFrom !== undefined && valueFrom.fieldRef?.fieldPath !== 'metadata.name')
      throw new Error(`${variable} comes from where these tests do not look.`);
    const text = valueFrom === undefined ? (value ?? '') : podName;
    given[variable] = text.replaceAll(/\$\((\w+)\)/g, (_, other: string) => given[other] ?? '');
  }
  return given;
}

/** The files that a container finds, by their paths: of ConfigMaps and Secrets. Empty folders and disks have none. */
export function filesOf({ pod, container }: Workload): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = pod.volumes?.find((each) => each.name === name);
    const sources = [
      { configMap: volume?.configMap, secret: { name: volume?.secret?.secretName } },
      ...(volume?.projected?.sources ?? []),
    ];
    for (const { configMap, secret } of sources) {
      const data = {
        ...(configMap?.name === undefined ? {} : one<IConfigMap>('ConfigMap', configMap.name).data),
        ...(secret?.name === undefined ? {} : one<ISecret>('Secret', secret.name).stringData),
      };
      for (const [file, text] of Object.entries(data)) files.set(`${mountPath}/${file}`, text);
    }
  }
  return files;
}

/** `512Mi` in MiB. */
export function mebibytes(quantity: string | number | undefined): number {
  const [, digits, unit] = /^(\d+)(Mi|Gi)$/.exec(String(quantity)) ?? [];
  if (digits === undefined) throw new Error(`${String(quantity)} is no amount of memory that these tests read.`);
  return Number(digits) * (unit === 'Gi' ? 1024 : 1);
}

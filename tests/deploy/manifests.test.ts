import { readFileSync } from 'node:fs';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IConfigMap, IPersistentVolumeClaim, IProbe, IService } from 'kubernetes-models/v1';
import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/config/settings.ts';
import { settingTable } from '../../src/config/setting-table.ts';
import { filesBelow } from '../repo/repo-files.ts';
import {
  all,
  applied,
  environmentOf,
  manifests,
  mebibytes,
  one,
  secrets,
  selects,
  services,
  workload,
  workloads,
} from './manifests.ts';
import { schemaFault, unknownFields } from './schemas.ts';

const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }).version;
const suffix = `v${version.replaceAll('.', '-')}`;
const api = workload('api');
const worker = workload(`worker-${suffix}`);
const migrate = workload(`migrate-${suffix}`);
const ours = [api, worker, migrate];

describe('the manifests', () => {
  it('are all applied, but for the example of the secrets', () => {
    const files = [...filesBelow('deploy/kubernetes', '.yaml').keys()].filter(
      (path) => !path.endsWith('kustomization.yaml'),
    );
    const used = new Set(manifests.map(({ file }) => file));
    expect(files.filter((path) => !used.has(path))).toEqual([]);
    expect(applied.map(({ kind, metadata }) => `${kind} ${metadata.name}`).length).toBe(
      new Set(applied.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size,
    );
  });

  it('are valid against the schemas of Kubernetes and of the operators', () => {
    const faults = manifests.map((each) => [each.file, each.metadata.name, schemaFault(each)] as const);
    expect(faults.filter(([, , fault]) => fault !== null)).toEqual([]);
    const { file, ...deployment } = one<IDeployment & { file: string }>('Deployment', 'api');
    const broken = { ...deployment, file, spec: { ...deployment.spec, replicas: 'three' } };
    expect(schemaFault(broken as never)).toContain('replicas');
  });

  it('have no field that no schema knows', async () => {
    expect(await unknownFields(manifests)).toEqual([]);
    const [file = '', text = ''] = [...filesBelow('deploy/kubernetes/base', 'edge.yaml')][0] ?? [];
    expect(file + text).toContain('readinessProbe');
    const broken = applied.filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'edge');
    const misspelt = JSON.parse(
      JSON.stringify(broken).replace('"readinessProbe"', '"readynessProbe"'),
    ) as typeof broken;
    expect((await unknownFields(misspelt)).join()).toContain('readynessProbe');
  });

  it('name ConfigMaps, Secrets, disks, ports and pods that there are', () => {
    const missing: string[] = [];
    const need = (kind: string, name: string | undefined, by: string): void => {
      if (!manifests.some((each) => each.kind === kind && each.metadata.name === name))
        missing.push(`${by}: ${kind} ${name ?? '?'}`);
    };
    for (const { name, pod, container } of workloads) {
      for (const { configMapRef, secretRef } of container.envFrom ?? []) {
        if (configMapRef !== undefined) need('ConfigMap', configMapRef.name, name);
        if (secretRef !== undefined) need('Secret', secretRef.name, name);
      }
      for (const { configMap, secret, persistentVolumeClaim, projected } of pod.volumes ?? []) {
        if (configMap !== undefined) need('ConfigMap', configMap.name, name);
        if (secret !== undefined) need('Secret', secret.secretName, name);
        if (persistentVolumeClaim !== undefined) need('PersistentVolumeClaim', persistentVolumeClaim.claimName, name);
        for (const source of projected?.sources ?? []) {
          if (source.configMap !== undefined) need('ConfigMap', source.configMap.name, name);
          if (source.secret !== undefined) need('Secret', source.secret.name, name);
        }
      }
      const ports = new Set(container.ports?.flatMap((port) => [port.name, port.containerPort]));
      const probes: readonly (IProbe | undefined)[] = [
        container.startupProbe,
        container.livenessProbe,
        container.readinessProbe,
      ];
      for (const probe of probes) {
        const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
        if (port !== undefined && !ports.has(port)) missing.push(`${name}: port ${String(port)}`);
      }
    }
    for (const { metadata, spec } of services) {
      if (spec?.type === 'ExternalName') continue;
      const targets = workloads.filter(({ labels }) => selects(spec?.selector, labels));
      expect([metadata?.name, targets.length]).toEqual([metadata?.name, 1]);
      for (const { targetPort } of spec?.ports ?? [])
        if (!targets[0]?.container.ports?.some(({ name }) => name === targetPort))
          missing.push(`Service ${metadata?.name ?? ''}: port ${String(targetPort)}`);
    }
    for (const { metadata, spec } of all<IPodDisruptionBudget>('PodDisruptionBudget'))
      expect([
        metadata?.name,
        workloads.filter(({ labels }) => selects(spec?.selector?.matchLabels, labels)).length,
      ]).toEqual([metadata?.name, 1]);
    expect(missing).toEqual([]);
  });

  it('let every container run as nobody in particular, on a file system that it cannot write', () => {
    for (const { name, pod, container } of workloads) {
      expect([name, pod.automountServiceAccountToken]).toEqual([name, false]);
      expect([name, pod.securityContext]).toMatchObject([
        name,
        { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      ]);
      expect([name, container.securityContext]).toMatchObject([
        name,
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      ]);
      expect([name, container.resources]).toMatchObject([
        name,
        { requests: { memory: expect.any(String) }, limits: { memory: expect.any(String) } },
      ]);
    }
  });

  it('give every kind of process the room it is to have, and Node a heap that fits into it', () => {
    for (const { name, container } of ours) {
      const { requests, limits } = container.resources ?? {};
      expect([name, requests?.['cpu'], limits?.['cpu'], limits?.['memory']]).toEqual([name, '250m', '500m', '512Mi']);
      expect(mebibytes(requests?.['memory'])).toBe(256);
      const [, heap] =
        /--max-old-space-size=(\d+)/.exec(environmentOf({ ...workload(name) })['NODE_OPTIONS'] ?? '') ?? [];
      // What is not heap took up to 130 MiB when it was measured: code, threads, buffers.
      expect(Number(heap)).toBeLessThanOrEqual(mebibytes(limits?.['memory']) - 160);
      expect(Number(heap)).toBeGreaterThanOrEqual(256);
    }
  });

  it('scale the api processes by their CPU and memory, and the workers by the queue', () => {
    const { spec } = one<IHorizontalPodAutoscaler>('HorizontalPodAutoscaler', 'api');
    expect([spec?.minReplicas, spec?.maxReplicas]).toEqual([3, 50]);
    expect(spec?.metrics?.map(({ resource }) => [resource?.name, resource?.target.averageUtilization])).toEqual([
      ['cpu', 70],
      ['memory', 80],
    ]);
    const scaled = one<IScaledObject>('ScaledObject', worker.name).spec;
    expect([scaled.scaleTargetRef.name, scaled.minReplicaCount, scaled.maxReplicaCount]).toEqual([
      worker.name,
      10,
      100,
    ]);
    expect(scaled.triggers.map(({ type }) => type)).toEqual(['prometheus']);
    // Set here they would be set back by each `apply`.
    expect(one<IDeployment>('Deployment', 'api').spec).not.toHaveProperty('replicas');
    expect(one<IDeployment>('Deployment', worker.name).spec).not.toHaveProperty('replicas');
  });

  it('have room for all of them in the database, in the engine and at its proxies', () => {
    const scaled = one<IScaledObject>('ScaledObject', worker.name).spec;
    const most = {
      api: one<IHorizontalPodAutoscaler>('HorizontalPodAutoscaler', 'api').spec?.maxReplicas ?? 0,
      worker: scaled.maxReplicaCount ?? 0,
    };
    const settings = readSettings(withoutFiles(environmentOf(worker)));
    const pooler = one<IConfigMap>('ConfigMap', 'pgbouncer').data?.['pgbouncer.ini'] ?? '';
    const line = (name: string): number => Number(new RegExp(`^${name} = (\\d+)$`, 'm').exec(pooler)?.[1]);
    expect([line('max_client_conn'), line('default_pool_size')]).toEqual([1_000, 25]);
    const poolers = one<IDeployment>('Deployment', 'pgbouncer').spec?.replicas ?? 0;
    // A quarter more while a version is rolled out. One pooler may be gone.
    const connections = (most.api + most.worker) * 1.25 * settings.databaseConnections;
    expect(connections).toBeLessThanOrEqual(line('max_client_conn') * (poolers - 1));
    expect(settings.maxInFlight).toBe(most.worker * settings.maxConcurrentExecutions);
    expect(Number(scaled.triggers[0]?.metadata['threshold'])).toBeLessThan(settings.maxConcurrentExecutions);
    const restate = one<IConfigMap>('ConfigMap', 'restate').data?.['restate.toml'] ?? '';
    expect(Number(/concurrent-invocations-limit = (\d+)/.exec(restate)?.[1])).toBeGreaterThan(settings.maxInFlight);
    const nginx = one<IConfigMap>('ConfigMap', 'nginx-workers').data?.['nginx.conf'] ?? '';
    expect(Number(/worker_connections (\d+)/.exec(nginx)?.[1])).toBeGreaterThan(settings.maxInFlight);
  });

  it('set what is a setting, to what it can be', () => {
    const known = new Set([...Object.values(settingTable).map(({ env }) => env), 'NODE_OPTIONS']);
    for (const each of ours) {
      const given = environmentOf(each);
      expect([each.name, Object.keys(given).filter((name) => !known.has(name))]).toEqual([each.name, []]);
      expect(readSettings(withoutFiles(given)).engine).toBe('restate');
    }
  });

  it('wait for a drain before they kill', () => {
    for (const { name, pod, container } of [api, worker]) {
      const pauseMs = (container.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1_000;
      const { shutdownGraceMs } = readSettings(withoutFiles(environmentOf(workload(name))));
      expect(pauseMs).toBeGreaterThan(0);
      expect((pod.terminationGracePeriodSeconds ?? 0) * 1_000).toBeGreaterThanOrEqual(
        pauseMs + shutdownGraceMs + 10_000,
      );
    }
  });

  it('are of the version of this package, with an address of its own for its workers', () => {
    for (const { container } of ours) expect(container.image).toBe(`squadra:${version}`);
    const { SQUADRA_WORKER_URL: address, SQUADRA_CODE_VERSION: code } = environmentOf(worker);
    expect([address, code]).toEqual([`http://worker-${suffix}:9080`, suffix]);
    const packages = JSON.parse(readFileSync('package.json', 'utf8')) as {
      readonly devDependencies: Record<string, string>;
    };
    expect(workload('restate').container.image).toBe(
      `restatedev/restate:${packages.devDependencies['@restatedev/restate-server'] ?? ''}`,
    );
  });

  it('keep workspaces where all processes reach them, and what Restate knows on disks of its own', () => {
    expect(one<IPersistentVolumeClaim>('PersistentVolumeClaim', 'squadra-state').spec?.accessModes).toEqual([
      'ReadWriteMany',
    ]);
    for (const { container } of [api, worker])
      expect(
        container.volumeMounts?.some(({ mountPath }) => mountPath === environmentOf(worker)['SQUADRA_STATE_DIR']),
      ).toBe(true);
    expect(one<IService>('Service', 'restate-nodes').spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    });
  });

  it('hold no secret', () => {
    expect(applied.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const { metadata, ...secret } of secrets) {
      const values = Object.values((secret as unknown as { readonly stringData: Record<string, string> }).stringData);
      expect([metadata.name, values.every((value) => value.includes('change-me'))]).toEqual([metadata.name, true]);
    }
  });
});

/** Settings that name a file are read with it. */
function withoutFiles(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !name.endsWith('_FILE')));
}

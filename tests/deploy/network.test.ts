import { describe, expect, it } from 'vitest';
import { behind, environmentOf, filesOf, workload, workloads } from './manifests.ts';
import type { Workload } from './manifests.ts';
import { mayTalk } from './network.ts';

/** Who asks whom, as variables and configurations say, and by what they know each other. */
function roads(): { readonly from: Workload; readonly host: string; readonly port: number; readonly why: string }[] {
  const found = workloads.flatMap((from) => {
    const variables = Object.entries(environmentOf(from)).filter(
      ([name]) => !/^RESTATE_ADVERTISED|^SQUADRA_WORKER_URL/.test(name),
    );
    const texts = [...variables, ...filesOf(from)];
    return texts.flatMap(([why, text]) =>
      [...text.matchAll(/(?:\w+:\/\/(?:[^@\s"]*@)?|server )([a-z][\w.-]*):(\d+)/g)].map(([, host = '', port = '']) => ({
        from,
        host,
        port: Number(port),
        why,
      })),
    );
  });
  const provision = workload('restate-provision');
  return [...found, { from: provision, host: 'restate-0.restate-nodes', port: 5122, why: 'its command' }];
}

const pod = (name: string): { readonly pod: Workload['labels'] } => ({ pod: workload(name).labels });
const worker = workloads.find(({ name }) => /^worker-[\w-]+(?<!-proxy)$/.test(name))?.name ?? '';

describe('the network of the manifests', () => {
  it('lets everybody reach whom their settings name, and these listen there', () => {
    const all = roads();
    expect(all.map(({ from, host }) => `${from.name} ${host}`)).toEqual(
      expect.arrayContaining([
        'api pgbouncer',
        `${worker} nats`,
        `${worker} redis`,
        'edge api',
        `${worker}-proxy ${worker}-pods`,
        'restate restate-2.restate-nodes',
      ]),
    );
    for (const { from, host, port, why } of all) {
      // Workers alone use the admin port; what an api process is told of it, it does not need.
      if (why === 'RESTATE_ADMIN_URL' && from.name !== worker) continue;
      if (from.name.startsWith('migrate') && why !== 'DATABASE_URL') continue;
      const { target, port: inside } = behind(host, port);
      expect([from.name, host, port, why, mayTalk({ pod: from.labels }, { pod: target.labels }, inside)]).toEqual([
        from.name,
        host,
        port,
        why,
        true,
      ]);
    }
  });

  it('lets Restate reach workers through their proxy, and people reach the edge', () => {
    const { SQUADRA_WORKER_URL: address = '' } = environmentOf(workload(worker));
    const { hostname, port } = new URL(address);
    const { target, port: inside } = behind(hostname, Number(port));
    expect(target.name).toBe(`${worker}-proxy`);
    expect(mayTalk(pod('restate'), { pod: target.labels }, inside)).toBe(true);
    expect(mayTalk({ address: '203.0.113.7' }, pod('edge'), 8443)).toBe(true);
    expect(mayTalk(pod(worker), { address: '203.0.113.7' }, 443)).toBe(true);
    expect(mayTalk(pod('pgbouncer'), { address: '10.0.0.7' }, 5432)).toBe(true);
    for (const name of ['api', worker]) expect(mayTalk({ namespace: 'monitoring' }, pod(name), 8080)).toBe(true);
    for (const { labels } of workloads) expect(mayTalk({ pod: labels }, { namespace: 'kube-system' }, 53)).toBe(true);
  });

  it('lets nobody else in or out', () => {
    const closed: readonly [Parameters<typeof mayTalk>[0], Parameters<typeof mayTalk>[1], number][] = [
      [{ address: '203.0.113.7' }, pod('api'), 8080],
      [{ address: '203.0.113.7' }, pod(worker), 9080],
      [{ address: '203.0.113.7' }, pod('restate'), 9070],
      [{ namespace: 'default' }, pod('api'), 8080],
      [pod('api'), pod(worker), 9080],
      [pod('edge'), pod('pgbouncer'), 6432],
      [pod('api'), pod('restate'), 9070],
      [pod('restate'), pod(worker), 9080],
      [pod('nats'), pod('pgbouncer'), 6432],
      [pod('edge'), pod('redis'), 6379],
      [pod('redis'), pod('pgbouncer'), 6432],
      [pod('edge'), { address: '203.0.113.7' }, 443],
      [pod(worker), { address: '169.254.169.254' }, 443],
      [pod(worker), { address: '10.1.2.3' }, 443],
      [pod(worker), { address: '203.0.113.7' }, 80],
    ];
    expect(closed.filter(([from, to, port]) => mayTalk(from, to, port))).toEqual([]);
  });
});

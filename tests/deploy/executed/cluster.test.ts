import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '../../../scripts/fleet/postgres-server.ts';
import { EdgeClient } from './edge-client.ts';
import { buildImageFolder } from './image-folder.ts';
import { LocalCluster } from './local-cluster.ts';
import type { PodEnd } from './pod.ts';
import { all, mebibytes, one, workload, workloads } from '../manifests.ts';

const folder = mkdtempSync(join(tmpdir(), 'squadra-deploy-'));
const worker = workloads.find(({ name }) => /^worker-[\w-]+(?<!-proxy)$/.test(name))?.name ?? '';
const version = worker.slice('worker-'.length);
const key = 'change-me-change-me-change-me';
const steps = ['a', 'b', 'c', 'd', 'e'];
let postgres: PostgresServer;
let cluster: LocalCluster;
let client: EdgeClient;
let database: pg.Client;

/** Each step notes outside, in a file, that it ran. */
const workflows = `
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from 'squadra';
export const slow = defineWorkflow({ name: 'slow', async run({ step, execution }) {
  for (const name of ${JSON.stringify(steps)})
    await step.run(name, async () => { await pause(200); appendFileSync(${JSON.stringify(join(folder, 'effects'))}, execution.id + ' ' + name + '\\n'); });
  return 'done';
} });
`;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  const project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'workflows.ts'), workflows);
  writeFileSync(join(project, 'squadra.yaml'), 'workflows: [./workflows.ts]\n');
  writeFileSync(join(folder, 'effects'), '');
  mkdirSync(join(folder, 'cluster/shared'), { recursive: true });
  if (process.getuid?.() === 0)
    for (const path of ['effects', 'cluster/shared']) chownSync(join(folder, path), 65_534, 65_534);
  const certificate = [
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
  ];
  execFileSync(
    'openssl',
    ['req', ...certificate, '-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')],
    { stdio: 'ignore' },
  );
  const tls = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const image = await buildImageFolder(join(folder, 'image'));
  postgres = await PostgresServer.start({ folder: join(folder, 'postgres') });
  database = new pg.Client({ connectionString: await postgres.create('squadra') });
  await database.connect();
  cluster = await LocalCluster.open({
    folder: join(folder, 'cluster'),
    postgresPort: postgres.port,
    image: image.path,
    project,
    files: { '/etc/squadra-nginx-tls/tls.crt': tls('tls.crt'), '/etc/squadra-nginx-tls/tls.key': tls('tls.key') },
    // The keys of providers may be left out, and are: no test asks a model of somebody else.
    withoutSecrets: ['squadra-providers'],
  });
  await cluster.scale('pgbouncer', 2);
  await cluster.scale('nats', 1);
  await cluster.scale('redis', 1);
  const nodes = cluster.scale('restate', 3);
  // Nodes are ready when they are a cluster.
  await until(async () =>
    cluster.complete('restate-provision').then(
      () => true,
      () => false,
    ),
  );
  await nodes;
  await cluster.complete(`migrate-${version}`);
  await cluster.scale(worker, 2);
  await cluster.scale(`${worker}-proxy`, 2);
  await cluster.scale('api', 2);
  await cluster.scale('edge', 1);
  client = new EdgeClient({ address: `https://${cluster.address('edge')}:443`, certificate: tls('tls.crt'), key });
}, 240_000);

afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await database?.end();
  await postgres?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('what the manifests say, executed', () => {
  it('comes up: every process ready by its own probes, with what it was given to know', async () => {
    expect((await client.ask('GET', '/ready')).status).toBe(200);
    expect((await client.ask('GET', '/api/v1/me')).body).toMatchObject({
      tenant: 'local',
      scopes: expect.arrayContaining(['admin']),
    });
    expect((await client.ask('GET', '/api/v1/me', undefined, { authorization: 'Bearer sqd_wrong' })).status).toBe(401);
  });

  it('has told Restate the one address of these workers, on a cluster that keeps everything twice', async () => {
    const admin = `http://${cluster.address('restate-0.restate-nodes')}:9070`;
    const registered = await until(async () => {
      const { deployments } = (await (await fetch(`${admin}/deployments`)).json()) as {
        readonly deployments: readonly { readonly uri: string }[];
      };
      return deployments.length > 0 ? deployments.map(({ uri }) => uri) : null;
    });
    expect(registered).toEqual([`http://${cluster.address(worker)}:9080/`]);
    const status = execFileSync(
      join(folder, 'cluster/programs/restatectl'),
      ['--address', `http://${cluster.address('restate-1.restate-nodes')}:5122`, 'partitions', 'list'],
      { encoding: 'utf8' },
    );
    expect(status.match(/Leader/g)).toHaveLength(24);
  });

  it('brings text to who listens as it is written, over HTTP/2', async () => {
    const { body } = await client.ask('POST', '/api/v1/executions', { message: 'Plan a login page' });
    const chunks = await client.listen(`/api/v1/executions/${String(body['id'])}/events`);
    const deltas = chunks.filter(({ text }) => text.includes('event: text-delta'));
    expect(chunks.at(-1)?.text).toContain('event: done');
    // They came one after the other, not in one piece at the end.
    expect(deltas.length).toBeGreaterThan(3);
    expect((deltas.at(-1)?.atMs ?? 0) - (deltas[0]?.atMs ?? 0)).toBeGreaterThan(200);
  });

  it('has its processes keep what they read in the Redis of the manifests, which drops what it has no room for', async () => {
    const redis = new Redis(`redis://${cluster.address('redis')}:6379`, { enableOfflineQueue: true });
    await client.ask('GET', '/api/v1/squads/software');
    expect(await until(async () => (await redis.keys('squadra:{*}:entry:*')).length > 0)).toBe(true);
    expect(await redis.config('GET', 'maxmemory*')).toEqual(
      expect.arrayContaining(['maxmemory-policy', 'allkeys-lru', 'maxmemory', String(192 * 1024 * 1024)]),
    );
    expect(await redis.config('GET', 'save')).toEqual(['save', '']);
    redis.disconnect();
  });

  it('tells the figure by which workers are scaled', async () => {
    const metadata = one<IScaledObject>('ScaledObject', worker).spec.triggers[0]?.metadata ?? {};
    const ids = await Promise.all(Array.from({ length: 30 }, () => submit()));
    expect(await scalingFigure(metadata['query'] ?? '')).toBeGreaterThan(0);
    await finished(ids);
    await until(async () => (await scalingFigure(metadata['query'] ?? '')) === 0);
  });

  it('loses nothing, refuses nobody and kills nobody while its processes are replaced under load', async () => {
    const { accepted, refused, ends } = await underLoad(async () => [
      ...(await cluster.roll('api')),
      ...(await cluster.roll(worker)),
    ]);
    expect(refused).toEqual([]);
    expect(ends).toHaveLength(4);
    expect(ends.filter(({ wasKilled }) => wasKilled)).toEqual([]);
    expect(accepted.length).toBeGreaterThan(50);
    await finished(accepted);
    // Who drains finishes the step that it is in: none ran twice, and none is missing.
    expect(runsOf(accepted).filter((count) => count !== 1)).toEqual([]);
  }, 240_000);

  it('loses nothing while the proxy before the workers and the pooler are replaced', async () => {
    const { accepted, refused, ends } = await underLoad(async () => [
      ...(await cluster.roll(`${worker}-proxy`)),
      ...(await cluster.roll('pgbouncer')),
    ]);
    expect(ends.filter(({ wasKilled }) => wasKilled)).toEqual([]);
    await finished(accepted);
    // Restate gives up what is under way on a connection that ends, and orders it again: a step may run a second time, not a third.
    expect(runsOf(accepted).filter((count) => count !== 1 && count !== 2)).toEqual([]);
    // A pooler that ends takes its connections with it: who asked is told so, and may ask again.
    expect(refused.filter((text) => !text.startsWith('503') || !text.includes('STORE_UNAVAILABLE'))).toEqual([]);
    expect(refused.length).toBeLessThan(accepted.length / 10);
  }, 240_000);

  it('survives the loss of a node of Restate, of a worker and of an api process at once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => submit()));
    await Promise.all(['restate', worker, 'api'].map((name) => cluster.lose(name)));
    ids.push(await submit());
    await finished(ids);
    // What a lost worker was in the middle of ran a second time elsewhere.
    expect(runsOf(ids).filter((count) => count !== 1 && count !== 2)).toEqual([]);
  }, 120_000);

  it('stays within its memory, and below what would scale it when nothing is to do', () => {
    const pods = all<{
      readonly spec: {
        readonly metrics: readonly {
          readonly resource: { readonly name: string; readonly target: { readonly averageUtilization: number } };
        }[];
      };
    }>('HorizontalPodAutoscaler');
    const share =
      (pods[0]?.spec.metrics.find(({ resource }) => resource.name === 'memory')?.resource.target.averageUtilization ??
        0) / 100;
    const { requests, limits } = workload('api').container.resources ?? {};
    const used = cluster.podsOf('api').map(({ memory }) => memory);
    expect(used.length).toBeGreaterThan(0);
    for (const { most, now } of used) {
      expect(most).toBeLessThan(mebibytes(limits?.['memory']));
      expect(now).toBeLessThan(share * mebibytes(requests?.['memory']));
    }
    for (const name of ['api', worker])
      for (const { livenessFailures } of cluster.podsOf(name)) expect(livenessFailures).toBe(0);
  });
});

/** Four clients that submit, one after the other, for as long as something goes on. */
async function underLoad(work: () => Promise<readonly PodEnd[]>): Promise<{
  readonly accepted: readonly string[];
  readonly refused: readonly string[];
  readonly ends: readonly PodEnd[];
}> {
  const accepted: string[] = [];
  const refused: string[] = [];
  let isOver = false;
  const load = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      await submit().then(
        (id) => accepted.push(id),
        (error: unknown) => refused.push(error instanceof Error ? error.message : String(error)),
      );
      await pause(100);
    }
  });
  const ends = await work().finally(() => (isOver = true));
  await Promise.all(load);
  return { accepted, refused, ends };
}

/** How often each step of these ran. */
function runsOf(ids: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const line of readFileSync(join(folder, 'effects'), 'utf8').trim().split('\n'))
    counts.set(line, (counts.get(line) ?? 0) + 1);
  return ids.flatMap((id) => steps.map((name) => counts.get(`${id} ${name}`) ?? 0));
}

async function submit(): Promise<string> {
  const { status, body } = await client.ask('POST', '/api/v1/executions', { workflow: 'slow', input: {} });
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body)}`);
  return String(body['id']);
}

/** Resolves when all of them are completed. */
async function finished(ids: readonly string[]): Promise<void> {
  const text = `SELECT count(*) FILTER (WHERE status = 'completed')::int AS completed, count(*) FILTER (WHERE status = 'failed')::int AS failed
    FROM executions WHERE id = ANY($1)`;
  await until(async () => {
    const { rows } = await database.query<{ completed: number; failed: number }>(text, [ids]);
    expect(rows[0]?.failed).toBe(0);
    return rows[0]?.completed === ids.length;
  });
}

/** `max(a{…}) + max(b{…})` over what all processes tell, which is all that the query is made of. */
async function scalingFigure(query: string): Promise<number> {
  const pods = [...cluster.podsOf('api'), ...cluster.podsOf(worker)];
  const texts = await Promise.all(
    pods.map(async ({ host }) =>
      (await fetch(`http://${host}:8080/metrics`, { headers: { authorization: `Bearer ${key}` } })).text(),
    ),
  );
  const parts = query.split(' + ').map((part) => /^max\((\w+)\{namespace="squadra", (.*)\}\)$/.exec(part));
  return parts.reduce((sum, part) => {
    const [, name = '', labels = ''] = part ?? [];
    const values = texts.flatMap((text) =>
      [...text.matchAll(new RegExp(`^${name}\\{${labels}\\} (\\d+)$`, 'gm'))].map(([, value]) => Number(value)),
    );
    if (values.length !== pods.length) throw new Error(`Not every process tells ${name}{${labels}}.`);
    return sum + Math.max(...values);
  }, 0);
}

async function until<T>(look: () => Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    await pause(100);
  }
}

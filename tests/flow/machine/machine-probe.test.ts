import { describe, expect, it } from 'vitest';
import { readControlGroup } from '../../../src/flow/machine/control-group.ts';
import { MachineProbe } from '../../../src/flow/machine/machine-probe.ts';

const gibibyte = 1024 ** 3;
type Files = Record<string, string>;

function group(path: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`/sys/fs/cgroup${path}/${name}`, text]));
}

function machine(files: Files, surroundings: { elapsedMs?: () => number; cores?: () => never[] } = {}) {
  return {
    read: async (path: string) => files[path] ?? null,
    elapsedMs: () => 0,
    memory: () => ({ totalBytes: 8 * gibibyte, freeBytes: 2 * gibibyte }),
    cores: () => [],
    ...surroundings,
  };
}

const limited = {
  'cpu.max': '150000 100000\n',
  'cpu.stat': 'usage_usec 5000000\nuser_usec 4000000\n',
  'memory.max': `${gibibyte}\n`,
  'memory.current': `${(7 * gibibyte) / 8}\n`,
  'memory.stat': `anon 1\nfile 2\ninactive_file ${(3 * gibibyte) / 8}\nactive_file 7\n`,
};

describe('a control group', () => {
  it('tells its limits, and does not count pages that the kernel can take back', async () => {
    const files: Files = { '/proc/self/cgroup': '1:cpu:/other\n0::/\n', ...group('', limited) };
    expect(await readControlGroup(async (path) => files[path] ?? null)).toEqual({
      cpu: { limitCores: 1.5, usedMs: 5_000 },
      memory: { limitBytes: gibibyte, usedBytes: 0.5 * gibibyte },
    });
  });

  it('takes the closest limit above it, one for each resource', async () => {
    const files: Files = {
      '/proc/self/cgroup': '0::/pod/container\n',
      ...group('/pod/container', { 'cpu.max': 'max 100000\n', 'memory.max': '1000\n', 'memory.current': '10\n' }),
      ...group('/pod', limited),
    };
    expect(await readControlGroup(async (path) => files[path] ?? null)).toMatchObject({
      cpu: { limitCores: 1.5 },
      memory: { limitBytes: 1000, usedBytes: 10 },
    });
  });

  it.each<[string, Files]>([
    ['without any', {}],
    ['of version 1', { '/proc/self/cgroup': '4:memory:/x\n1:cpu:/\n' }],
    [
      'without limits',
      { '/proc/self/cgroup': '0::/\n', ...group('', { 'cpu.max': 'max 100000', 'memory.max': 'max' }) },
    ],
    [
      'with files that make no sense',
      { '/proc/self/cgroup': '0::/\n', ...group('', { 'cpu.max': '?', 'memory.max': '' }) },
    ],
  ])('sets no limit where it is one %s', async (_, files) => {
    expect(await readControlGroup(async (path) => files[path] ?? null)).toEqual({ cpu: null, memory: null });
  });
});

describe('the probe of the machine', () => {
  it('measures CPU against the limit of the container, between two readings', async () => {
    const files: Files = { '/proc/self/cgroup': '0::/\n', ...group('', limited) };
    let elapsedMs = 1_000;
    using probe = new MachineProbe(machine(files, { elapsedMs: () => elapsedMs }));
    expect(await probe.read()).toMatchObject({ cpu: 0, memory: 50 });
    elapsedMs += 10_000;
    files['/sys/fs/cgroup/cpu.stat'] = 'usage_usec 14000000\n';
    expect((await probe.read()).cpu).toBeCloseTo(60);
  });

  it('measures the machine where no limit is set, waiting for the disk not counted', async () => {
    const files: Files = { '/proc/stat': 'cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 1 1 1\n' };
    using probe = new MachineProbe(machine(files));
    await probe.read();
    files['/proc/stat'] = 'cpu  130 10 110 830 20 0 0 0 0 0\n';
    expect(await probe.read()).toMatchObject({ cpu: 50, memory: 75 });
  });

  it('reads the machine that it runs on', async () => {
    using probe = new MachineProbe();
    await probe.read();
    const { cpu, memory, loopDelayMs } = await probe.read();
    for (const share of [cpu, memory]) expect(share >= 0 && share <= 100).toBe(true);
    expect(memory).toBeGreaterThan(0);
    expect(loopDelayMs).toBeGreaterThanOrEqual(0);
  });
});

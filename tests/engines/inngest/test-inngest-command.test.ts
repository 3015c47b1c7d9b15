import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { findInngest } from '../../../scripts/fleet/inngest-place.ts';

const script = fileURLToPath(new URL('../../../scripts/test-inngest.ts', import.meta.url));

it('npm run test:inngest says what is missing where there is no Inngest, and fails', () => {
  const { status, stderr } = spawnSync(process.execPath, [script], { env: { PATH: '' }, encoding: 'utf8' });
  expect(status).toBe(3);
  expect(stderr).toMatch(/INNGEST_BASE_URL[\s\S]*an executable `inngest` on PATH/);
});

it('a real Inngest is found by its address, or by its binary on the path', () => {
  const folder = mkdtempSync(join(tmpdir(), 'squadra-inngest-place-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'inngest');
  writeFileSync(path, '#!/bin/sh\n');
  expect(findInngest({ PATH: folder })).toBeNull();
  chmodSync(path, 0o755);
  expect(findInngest({ PATH: `/nowhere:${folder}` })).toEqual({ kind: 'binary', path });
  expect(findInngest({ PATH: folder, INNGEST_BASE_URL: 'http://x', INNGEST_EVENT_KEY: 'e' })).toEqual({
    kind: 'running',
    url: 'http://x',
    eventKey: 'e',
    signingKey: null,
  });
});

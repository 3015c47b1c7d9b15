import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallLogLine } from '../../src/testing/model-server/served-call.ts';

const script = fileURLToPath(new URL('../../src/testing/model-server/main.ts', import.meta.url));

describe('the model server as a process of its own', () => {
  let folder: string;
  let logFile: string;
  let child: ChildProcess;
  let url: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'model-server-'));
    logFile = join(folder, 'calls.jsonl');
    child = spawn(process.execPath, [script, '--port', '0', '--log', logFile, '--chunks', '4'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout === null) throw new Error('The server has no output.');
    for await (const line of createInterface(child.stdout)) {
      url = `http://127.0.0.1:${/^listening (\d+)$/.exec(line)?.[1]}/v1/chat/completions`;
      break;
    }
  });

  afterEach(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const post = (text: string, key: string, signal?: AbortSignal) =>
    fetch(url, {
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: JSON.stringify({ messages: [{ role: 'user', content: text }] }),
      signal: signal ?? null,
    });
  const log = (): CallLogLine[] =>
    readFileSync(logFile, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('answers in chunks and logs each call twice, counting the attempts of a key', async () => {
    for (const key of ['a', 'a', 'b']) {
      const answer = await (await post('Hello', key)).text();
      expect(answer.match(/"content"/g)).toHaveLength(4);
      expect(answer).toMatch(/"finish_reason":"stop"[\s\S]+"usage":[\s\S]+data: \[DONE\]\n\n$/);
    }
    expect(log().map(({ idempotencyKey, phase, attempt }) => `${idempotencyKey} ${attempt} ${phase}`)).toEqual([
      'a 1 received',
      'a 1 completed',
      'a 2 received',
      'a 2 completed',
      'b 1 received',
      'b 1 completed',
    ]);
  });

  it('has logged what it received when it is killed', async () => {
    const controller = new AbortController();
    const response = await post('[[server hang=inside]]', 'x', controller.signal);
    expect(response.status).toBe(200);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect(response.text()).rejects.toThrow('terminated');
    expect(log()).toEqual([{ at: expect.any(Number), idempotencyKey: 'x', phase: 'received', attempt: 1 }]);
  });
});

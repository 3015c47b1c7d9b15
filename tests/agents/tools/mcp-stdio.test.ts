import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SquadraError } from '../../../src/kernel/errors.ts';
import { settle, TestClock } from '../../../src/testing/test-clock.ts';
import { failureOf } from '../asking.ts';
import { callTool, toolContext } from './calling.ts';
import { everythingCommand, isAlive, type LogLine, oddCommand, openToolbox, toolOf, Witness } from './mcp-running.ts';

afterEach(() => vi.unstubAllEnvs());

const everything = { everything: everythingCommand };
const pidOf = (toolbox: Awaited<ReturnType<typeof openToolbox>>): number => toolbox.servers()[0]?.pid ?? 0;

describe('a real MCP server over standard input and output', () => {
  it('offers its tools under names that providers take, and answers', async () => {
    const toolbox = await openToolbox(everything);
    const tools = await toolbox.toolsOf({ name: 'Tess', tools: ['mcp:everything', 'list', 'mcp:everything/echo'] });
    const names = tools.map((tool) => tool.name);
    expect(names).toEqual(expect.arrayContaining(['everything__echo', 'everything__get-sum', 'list']));
    expect(names.filter((name) => name === 'everything__echo')).toHaveLength(1);
    const echo = await toolOf(toolbox, 'mcp:everything/echo', 'everything__echo');
    expect(echo).toMatchObject({ isReadOnly: true, isIdempotent: true, requireApproval: false });
    expect(echo.input).toMatchObject({ jsonSchema: { type: 'object', properties: { message: { type: 'string' } } } });
    expect(await callTool(echo, { message: 'hello' })).toBe('Echo: hello');
    const sum = await toolOf(toolbox, 'mcp:everything', 'everything__get-sum');
    expect(await callTool(sum, { a: 2, b: 3 })).toContain('5');
  });

  it('is started once, however many need it at once, and its tools stay the same objects', async () => {
    const toolbox = await openToolbox(everything);
    const lists = await Promise.all(
      Array.from({ length: 20 }, () => toolbox.toolsOf({ name: 'Tess', tools: ['mcp:everything'] })),
    );
    expect(new Set(lists.map((tools) => tools[0])).size).toBe(1);
    expect(toolbox.servers()).toEqual([
      { name: 'everything', transport: 'stdio', connected: true, pid: expect.any(Number), calls: 0, connections: 1 },
    ]);
  });

  it('is not started before somebody needs it', async () => {
    const toolbox = await openToolbox(everything);
    await toolbox.toolsOf({ name: 'Tess', tools: ['list', 'read'] });
    toolbox.check(['mcp:everything', 'mcp:everything/echo']);
    expect(toolbox.servers()).toMatchObject([{ connected: false, pid: null, connections: 0 }]);
  });

  it('gets of our environment what a command needs, and what is configured; no key', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'sk-not-yours-1234567890');
    vi.stubEnv('ITS_KEY', 'its-own-key');
    const toolbox = await openToolbox({ everything: { ...everythingCommand, env: { TOKEN: '${ITS_KEY}' } } });
    const printed = await callTool(await toolOf(toolbox, 'mcp:everything/get-env', 'everything__get-env'), {});
    const environment = JSON.parse(String(printed)) as Record<string, string>;
    expect(environment).toMatchObject({ TOKEN: 'its-own-key', PATH: process.env.PATH });
    const allowed = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER', 'TOKEN'];
    const ofTheShell = ['PWD', 'OLDPWD', 'SHLVL', '_'];
    // Node gives this to every child by itself where coverage is counted, whatever environment it is told to give.
    const ofNode = process.env['NODE_V8_COVERAGE'] === undefined ? [] : ['NODE_V8_COVERAGE'];
    const expected = [...allowed, ...ofTheShell, ...ofNode];
    expect(Object.keys(environment).filter((name) => !expected.includes(name))).toEqual([]);
  });

  it('that is killed in the middle of a call fails it as one that may be tried again, and is started for the next', async () => {
    const log: LogLine[] = [];
    const toolbox = await openToolbox(everything, { log });
    const long = await toolOf(toolbox, 'mcp:everything', 'everything__trigger-long-running-operation');
    const echo = await toolOf(toolbox, 'mcp:everything', 'everything__echo');
    const first = pidOf(toolbox);
    const failure = failureOf(callTool(long, { duration: 60, steps: 1 }));
    await settle();
    expect(toolbox.servers()).toMatchObject([{ calls: 1 }]);
    process.kill(first, 'SIGKILL');
    expect(await failure).toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(
        /^MCP server 'everything' cannot be reached: Connection closed.*It ended by SIGKILL/s,
      ),
      details: { server: 'everything', tool: 'trigger-long-running-operation', mayHaveRun: true },
    });
    expect(isAlive(first)).toBe(false);
    expect(toolbox.servers()).toMatchObject([{ connected: false, calls: 0 }]);
    // Also a tool that was made before knows the new one.
    expect(await callTool(echo, { message: 'again' })).toBe('Echo: again');
    expect(pidOf(toolbox)).not.toBe(first);
    expect(toolbox.servers()).toMatchObject([{ connections: 2 }]);
  });

  it('that is too slow is a time-out, and one that still answers otherwise is kept', async () => {
    const toolbox = await openToolbox({ everything: { ...everythingCommand, timeout: '300ms' } });
    const long = await toolOf(toolbox, 'mcp:everything', 'everything__trigger-long-running-operation');
    const first = pidOf(toolbox);
    expect(await failureOf(callTool(long, { duration: 60, steps: 1 }))).toMatchObject({
      code: 'TOOL_TIMEOUT',
      message: "MCP server 'everything' did not answer within 300 ms.",
      details: { mayHaveRun: true, limitMs: 300 },
    });
    expect(pidOf(toolbox)).toBe(first);
  });

  it('hears that a call is not wanted any more', async () => {
    const toolbox = await openToolbox(everything);
    const long = await toolOf(toolbox, 'mcp:everything', 'everything__trigger-long-running-operation');
    const controller = new AbortController();
    const failure = failureOf(callTool(long, { duration: 60, steps: 1 }, toolContext({ signal: controller.signal })));
    await settle();
    controller.abort(new Error('Cancelled.'));
    expect(await failure).toMatchObject({ message: 'Cancelled.' });
    const echo = await toolOf(toolbox, 'mcp:everything', 'everything__echo');
    expect(await callTool(echo, { message: 'still there' })).toBe('Echo: still there');
  });

  it('is asked for allowed tools only', async () => {
    const toolbox = await openToolbox({
      everything: { ...everythingCommand, tools: ['echo', 'get-sum'], requireApproval: ['get-sum'] },
    });
    const tools = await toolbox.toolsOf({ name: 'Tess', tools: ['mcp:everything'] });
    expect(tools.map(({ name, requireApproval }) => [name, requireApproval])).toEqual([
      ['everything__echo', false],
      ['everything__get-sum', true],
    ]);
    const unknown = { code: 'UNKNOWN_TOOL', message: expect.stringContaining('mcp:everything/get-env') };
    expect(() => toolbox.check(['mcp:everything/get-env'])).toThrow(expect.objectContaining(unknown));
    expect(await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:everything/get-env'] }))).toMatchObject(
      unknown,
    );
  });

  it('says which tools it has when it is asked for another', async () => {
    const toolbox = await openToolbox(everything);
    expect(await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:everything/nothing'] }))).toMatchObject({
      code: 'UNKNOWN_TOOL',
      message: expect.stringMatching(/^MCP server 'everything' has no tool "nothing"\. It has: .*echo/),
    });
  });

  it('ends with the toolbox', async () => {
    const toolbox = await openToolbox(everything);
    await toolOf(toolbox, 'mcp:everything', 'everything__echo');
    const pid = pidOf(toolbox);
    await toolbox[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
    expect(await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:everything'] }))).toMatchObject({
      code: 'SHUTTING_DOWN',
    });
  });
});

describe('a server process', () => {
  it('that neither the end of its input nor a signal ends is killed, with what it started', async () => {
    const witness = await Witness.open();
    const clock = new TestClock();
    const toolbox = await openToolbox({ odd: oddCommand('stubborn', witness.port) }, { clock });
    await toolOf(toolbox, 'mcp:odd', 'odd__hang');
    await witness.living(2);
    const closing = toolbox[Symbol.asyncDispose]();
    await settle();
    await clock.advance(2_000);
    await clock.advance(2_000);
    await closing;
    expect(await witness.living(0)).toBe(0);
  });

  it('ends with this process, however that ends', async () => {
    const witness = await Witness.open();
    const script = `
      import { openToolbox } from ${JSON.stringify(new URL('mcp-owner.ts', import.meta.url).href)};
      await openToolbox(${JSON.stringify(oddCommand('stubborn', witness.port))});
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface(owner.stdout)) if (line === 'open') break;
    await witness.living(2);
    const ended = once(owner, 'exit');
    owner.kill('SIGKILL');
    await ended;
    expect(await witness.living(0)).toBe(0);
  });

  it('that does not start says why, without the key it was given', async () => {
    const log: LogLine[] = [];
    const odd = { ...oddCommand('dying'), env: { TOKEN: 'very-secret-token' } };
    const toolbox = await openToolbox({ odd }, { log });
    const error = (await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:odd'] }))) as SquadraError;
    expect(error).toMatchObject({ code: 'TOOL_UNAVAILABLE', details: { mayHaveRun: false } });
    expect(error.message).toContain('Cannot start with [secret]: no such database. (It ended with code 3.)');
    expect(inspect([error, log], { depth: 20, showHidden: true })).not.toMatch(/very-sec|cret-tok/);
    expect(log.some(([level]) => level === 'warn')).toBe(true);
  });

  it('that does not exist says so', async () => {
    const toolbox = await openToolbox({ odd: { command: 'no-such-command-here' } });
    expect(await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:odd'] }))).toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      message: expect.stringMatching(/no-such-command-here.*not found.*ended with code 127/s),
    });
  });

  it('that hangs and does not answer a question either is given up', async () => {
    const toolbox = await openToolbox({ odd: { ...oddCommand('silent'), startTimeout: '300ms' } });
    expect(await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:odd'] }))).toMatchObject({
      code: 'TOOL_TIMEOUT',
    });
    expect(toolbox.servers()).toMatchObject([{ connected: false }]);
  });
});

describe('what a hostile server says', () => {
  it('becomes names that providers take, in one order, each its own', async () => {
    const toolbox = await openToolbox({ odd: oddCommand('hostile') });
    const tools = await toolbox.toolsOf({ name: 'Tess', tools: ['mcp:odd'] });
    const names = tools.map((tool) => tool.name);
    for (const name of names) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(7);
    for (const { description } of tools) expect(description.length).toBeLessThanOrEqual(4_000);
  });

  it('as an error is told to the model without keys', async () => {
    const toolbox = await openToolbox({ odd: { ...oddCommand('hostile'), env: { TOKEN: 'very-secret-token' } } });
    expect(await failureOf(callTool(await toolOf(toolbox, 'mcp:odd', 'odd__fails'), {}))).toMatchObject({
      name: 'NonRetryableError',
      message: 'The disk is full.',
    });
    const refusal = await failureOf(callTool(await toolOf(toolbox, 'mcp:odd', 'odd__refuses'), {}));
    expect(refusal).toMatchObject({
      name: 'NonRetryableError',
      message: expect.stringMatching(/refused the call: .*No, \[secret\]!/),
    });
    expect(inspect(refusal, { depth: 20 })).not.toContain('very-secret');
    expect(toolbox.servers()).toMatchObject([{ connected: true, connections: 1 }]);
  });

  it('as pictures is named', async () => {
    const toolbox = await openToolbox({ odd: oddCommand('hostile') });
    expect(await callTool(await toolOf(toolbox, 'mcp:odd', 'odd__pictures'), {})).toBe(
      '[image, image/png, about 3 bytes; it cannot be shown]\n[resource demo://1, one]\n[resource demo://2]\nwords\n[resource demo://3; it cannot be shown]',
    );
  });

  it('beside its messages is passed over', async () => {
    const toolbox = await openToolbox({ odd: oddCommand('chatty') });
    expect(await callTool(await toolOf(toolbox, 'mcp:odd', 'odd__echo'), {})).toBe('called echo');
  });

  it('without an end is not collected', async () => {
    const toolbox = await openToolbox({ odd: oddCommand('huge') });
    expect(await failureOf(callTool(await toolOf(toolbox, 'mcp:odd', 'odd__shout'), {}))).toMatchObject({
      code: 'TOOL_UNAVAILABLE',
    });
  });
});

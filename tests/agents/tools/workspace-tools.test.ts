import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../../src/agents/tools/workspace/workspace.ts';
import { createWorkspaceTools, stagingFolder } from '../../../src/agents/tools/workspace/workspace-tools.ts';
import type { AnyTool, ToolContext } from '../../../src/workflows/tool.ts';
import { callTool, named, temporaryFolder, toolContext } from './calling.ts';

let root: string;
let context: ToolContext;
let tools: readonly AnyTool[];

beforeEach(() => {
  root = temporaryFolder();
  context = toolContext({ workspace: join(root, 'out', 'execution-1') });
  tools = createWorkspaceTools({ workspaceRoot: join(root, 'out'), maxWorkspaceBytes: 3 * 1024 * 1024 });
  writeFileSync(join(root, 'secret.txt'), 'top secret');
});

const call = (name: string, input: object): Promise<unknown> => callTool(named(tools, name), input, context);
const at = (path: string): string => join(context.workspace, path);

describe('the workspace tools', () => {
  it('list, write, read and edit', async () => {
    expect(await call('list', {})).toBe('It is empty.');
    expect(await call('write', { path: 'src/app.ts', text: 'one\ntwo\nthree\n' })).toBe('Wrote src/app.ts (14 bytes).');
    expect(await call('write', { path: './plan.md', text: '# Größe\n' })).toBe('Wrote plan.md (10 bytes).');
    expect(await call('list', {})).toBe('plan.md (10 bytes)\nsrc/\nsrc/app.ts (14 bytes)');
    expect(await call('list', { path: 'src' })).toBe('src/app.ts (14 bytes)');
    expect(await call('read', { path: 'src/app.ts' })).toBe('one\ntwo\nthree\n');
    expect(await call('read', { path: 'src/app.ts', fromLine: 2, lines: 1 })).toBe('two');
    expect(await call('edit', { path: 'src/app.ts', oldText: 'two', newText: '2' })).toBe(
      'Edited src/app.ts (12 bytes).',
    );
    expect(readFileSync(at('src/app.ts'), 'utf8')).toBe('one\n2\nthree\n');
    expect(await call('write', { path: 'plan.md', text: '' })).toBe('Replaced plan.md (0 bytes).');
  });

  it('say what they do: reads may be repeated, writes come out the same twice', () => {
    expect(
      tools.map(({ name, isReadOnly, isIdempotent }) => [name, isReadOnly ?? false, isIdempotent ?? false]),
    ).toEqual([
      ['list', true, false],
      ['read', true, false],
      ['write', false, true],
      ['edit', false, true],
    ]);
  });

  it('refuse unknown arguments and wrong ones before anything happens', async () => {
    await expect(call('write', { path: 'a', text: 'x', mode: '777' })).rejects.toThrow(/mode/);
    await expect(call('read', { path: 'a', fromLine: 0 })).rejects.toThrow(/fromLine/);
    expect(existsSync(context.workspace)).toBe(false);
  });

  it('tell what is missing in the words of the workspace, without paths of the machine', async () => {
    await call('write', { path: 'a/b.txt', text: 'x' });
    for (const [name, input, problem] of [
      ['read', { path: 'none.txt' }, /no none\.txt in the workspace/],
      ['read', { path: 'none/b.txt' }, /no none\/b\.txt in the workspace/],
      ['read', { path: 'a' }, /a is a folder/],
      ['read', { path: 'a/b.txt/c' }, /"b\.txt" is not a folder/],
      ['read', { path: 'a/b.txt', fromLine: 9 }, /has 1 lines/],
      ['read', { path: '.' }, /Name a file/],
      ['list', { path: 'none' }, /no none in the workspace/],
      ['write', { path: 'a', text: 'x' }, /a is a folder/],
      ['write', { path: 'a/b.txt/c', text: 'x' }, /not a folder/],
      ['edit', { path: 'none.txt', oldText: 'a', newText: 'b' }, /no none\.txt/],
    ] as const) {
      const error: unknown = await call(name, input).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ name: 'NonRetryableError', message: expect.stringMatching(problem) });
      expect(String(error)).not.toContain(root);
    }
  });
});

describe('nothing outside the workspace is reached', () => {
  beforeEach(() => mkdirSync(context.workspace, { recursive: true }));

  it.each(['../../secret.txt', '../execution-2/a.txt', '/etc/passwd', 'a/../../x'])('by the path %s', async (path) => {
    await expect(call('read', { path })).rejects.toThrow(/path/);
    await expect(call('write', { path, text: 'x' })).rejects.toThrow(/path/);
    await expect(call('edit', { path, oldText: 'top', newText: 'no' })).rejects.toThrow(/path/);
    expect(readFileSync(join(root, 'secret.txt'), 'utf8')).toBe('top secret');
  });

  it('by a link to a file', async () => {
    symlinkSync(join(root, 'secret.txt'), at('link.txt'));
    await expect(call('read', { path: 'link.txt' })).rejects.toThrow(/link/);
    await expect(call('write', { path: 'link.txt', text: 'x' })).rejects.toThrow(/link/);
    await expect(call('edit', { path: 'link.txt', oldText: 'top', newText: 'no' })).rejects.toThrow(/link/);
    expect(await call('list', {})).toBe('link.txt (a link or device, not readable)');
    expect(readFileSync(join(root, 'secret.txt'), 'utf8')).toBe('top secret');
  });

  it('by a dangling link', async () => {
    symlinkSync(join(root, 'new.txt'), at('link.txt'));
    await expect(call('write', { path: 'link.txt', text: 'x' })).rejects.toThrow(/link/);
    expect(existsSync(join(root, 'new.txt'))).toBe(false);
  });

  it('by a link to a folder, at any depth', async () => {
    mkdirSync(at('a'));
    symlinkSync(root, at('a/up'));
    await expect(call('read', { path: 'a/up/secret.txt' })).rejects.toThrow(/"up" is a link/);
    await expect(call('write', { path: 'a/up/x.txt', text: 'x' })).rejects.toThrow(/"up" is a link/);
    await expect(call('list', { path: 'a/up' })).rejects.toThrow(/"up" is a link/);
    expect(await call('list', {})).toBe('a/\na/up (a link or device, not readable)');
    expect(existsSync(join(root, 'x.txt'))).toBe(false);
  });

  it('when the workspace itself is a link', async () => {
    const other = toolContext({ workspace: join(root, 'out', 'execution-2') });
    symlinkSync(root, other.workspace);
    await expect(callTool(named(tools, 'read'), { path: 'secret.txt' }, other)).rejects.toThrow(/is a link/);
    await expect(callTool(named(tools, 'write'), { path: 'x', text: 'x' }, other)).rejects.toThrow(/is a link/);
  });

  it('by a hard link: it is not read, and writing leaves the other name alone', async () => {
    linkSync(join(root, 'secret.txt'), at('hard.txt'));
    await expect(call('read', { path: 'hard.txt' })).rejects.toThrow(/hard link/);
    await call('write', { path: 'hard.txt', text: 'mine' });
    expect(readFileSync(join(root, 'secret.txt'), 'utf8')).toBe('top secret');
    expect(await call('read', { path: 'hard.txt' })).toBe('mine');
  });

  it('and a pipe is not waited for', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await expect(call('read', { path: 'pipe' })).rejects.toThrow(/not a file|device|ENXIO/);
    await expect(call('write', { path: 'pipe', text: 'x' })).rejects.toThrow(/link or device/);
  });
});

describe('a folder that becomes a link while a file is written', () => {
  const limits = { maxFileBytes: 1_000, maxBytes: 10_000, maxEntries: 100 };

  /** Swaps the folder at the given look at the signal: the first is before the way is walked, the second before the rename. */
  function swappingSignal(look: number): AbortSignal {
    let looks = 0;
    return Object.assign(new AbortController().signal, {
      throwIfAborted: () => {
        looks += 1;
        if (looks !== look) return;
        renameSync(at('a'), at('was-a'));
        symlinkSync(root, at('a'));
      },
    });
  }

  it.each([
    [1, /"a" is a link/],
    [2, /leads outside of the workspace/],
  ])('leads nowhere: look %i', async (look, problem) => {
    await call('write', { path: 'a/old.txt', text: 'old' });
    const staging = stagingFolder(join(root, 'out'));
    const workspace = new Workspace(context.workspace, staging, limits);
    for (const name of ['secret.txt', 'new.txt']) {
      await expect(workspace.write(['a', name], 'taken over', swappingSignal(look))).rejects.toThrow(problem);
      rmSync(at('a'));
      renameSync(at('was-a'), at('a'));
    }
    expect(readFileSync(join(root, 'secret.txt'), 'utf8')).toBe('top secret');
    expect(existsSync(join(root, 'new.txt'))).toBe(false);
    expect(readdirSync(at('a'))).toEqual(['old.txt']);
    expect(readdirSync(staging)).toEqual([]);
  });
});

describe('limits of the workspace', () => {
  it('bound a file', async () => {
    await expect(call('write', { path: 'big', text: 'ä'.repeat(600_000) })).rejects.toThrow(/1200000 bytes .* 1048576/);
    mkdirSync(context.workspace, { recursive: true });
    writeFileSync(at('big'), 'x'.repeat(1024 * 1024 + 1));
    await expect(call('read', { path: 'big' })).rejects.toThrow(/more than 1048576 bytes/);
    writeFileSync(at('just'), 'x'.repeat(1024 * 1024));
    expect(await call('read', { path: 'just' })).toHaveLength(1024 * 1024);
  });

  it('bound all files together, and a file that is replaced counts once', async () => {
    const text = 'x'.repeat(1024 * 1024);
    for (const path of ['1', '2', '3']) await call('write', { path, text });
    await expect(call('write', { path: '4', text: 'x' })).rejects.toThrow(/more than 3145728 bytes/);
    await call('write', { path: '3', text: 'short' });
    await call('write', { path: '4', text: 'x' });
  });

  it('bound the number of entries, also of those that somebody else made', async () => {
    mkdirSync(context.workspace, { recursive: true });
    for (let index = 0; index < 1_005; index += 1) writeFileSync(at(`f${index}`), '');
    await expect(call('write', { path: 'one-more', text: '' })).rejects.toThrow(/more than 1000 files/);
    expect(await call('list', {})).toMatch(/There are more than these 1000; list one folder\.$/);
    await call('write', { path: 'f1', text: 'still replaced' });
  });

  it('hold while many write at the same time', async () => {
    const text = 'x'.repeat(1024 * 1024);
    const paths = ['a', 'b', 'c', 'd', 'e', 'f'];
    const done = await Promise.allSettled(paths.map((path) => call('write', { path, text })));
    expect(done.filter((one) => one.status === 'fulfilled')).toHaveLength(3);
    expect(readdirSync(context.workspace)).toHaveLength(3);
  });
});

describe('text', () => {
  it('is all that is read', async () => {
    mkdirSync(context.workspace, { recursive: true });
    writeFileSync(at('zero'), 'a\0b');
    writeFileSync(at('latin1'), Buffer.from([0x47, 0x72, 0xf6]));
    await expect(call('read', { path: 'zero' })).rejects.toThrow(/not text in UTF-8/);
    await expect(call('read', { path: 'latin1' })).rejects.toThrow(/not text in UTF-8/);
  });

  it('keeps its byte order mark and its line ends through an edit', async () => {
    mkdirSync(context.workspace, { recursive: true });
    writeFileSync(at('bom'), '\uFEFFone\r\ntwo\r\n');
    await call('edit', { path: 'bom', oldText: 'two', newText: '2' });
    expect(readFileSync(at('bom'), 'utf8')).toBe('\uFEFFone\r\n2\r\n');
  });

  it('of names that others made is shown without control characters', async () => {
    mkdirSync(context.workspace, { recursive: true });
    writeFileSync(at('\u001b[31m\nred'), '');
    expect(await call('list', {})).toBe(String.raw`"\u001b[31m\nred" (0 bytes)`);
  });
});

describe('an edit', () => {
  beforeEach(() => call('write', { path: 'f', text: 'a b a\nonly\n' }));

  it.each([
    ['text that is not there', { oldText: 'c', newText: 'd' }, /not in f/],
    ['text that is there twice', { oldText: 'a', newText: 'd' }, /more than once/],
    ['text that is there twice, overlapping', { oldText: 'aa', newText: 'd' }, /more than once/],
  ])('of %s is refused and changes nothing', async (_, input, problem) => {
    await call('write', { path: 'f', text: 'a b a aaa\n' });
    await expect(call('edit', { path: 'f', ...input })).rejects.toThrow(problem);
    expect(readFileSync(at('f'), 'utf8')).toBe('a b a aaa\n');
  });

  it.each([
    ['a replacement', { oldText: 'only', newText: 'just' }, 'a b a\njust\n'],
    ['an insertion behind', { oldText: 'only\n', newText: 'only\nmore\n' }, 'a b a\nonly\nmore\n'],
    ['an insertion before', { oldText: 'only\n', newText: 'more\nonly\n' }, 'a b a\nmore\nonly\n'],
    ['words with a meaning for patterns', { oldText: 'only', newText: '$& $1 \\' }, 'a b a\n$& $1 \\\n'],
  ])('that is %s and made twice is there once', async (_, input, text) => {
    await call('edit', { path: 'f', ...input });
    expect(await call('edit', { path: 'f', ...input })).toMatch(/^Nothing was changed/);
    expect(readFileSync(at('f'), 'utf8')).toBe(text);
  });

  it('waits for others of the same file, so that none is lost', async () => {
    const words = Array.from({ length: 20 }, (_, index) => `word${index};`);
    await call('write', { path: 'f', text: words.join('') });
    await Promise.all(words.map((word, index) => call('edit', { path: 'f', oldText: word, newText: `W${index};` })));
    expect(readFileSync(at('f'), 'utf8')).toBe(words.map((_, index) => `W${index};`).join(''));
  });
});

describe('a write', () => {
  it('leaves nothing but the file, and no right to run it', async () => {
    await call('write', { path: 'f', text: 'x' });
    expect(readdirSync(context.workspace)).toEqual(['f']);
    expect(readdirSync(stagingFolder(join(root, 'out')))).toEqual([]);
    expect(lstatSync(at('f')).mode & 0o111).toBe(0);
  });

  it('does not happen once its attempt is over', async () => {
    const over = { ...context, signal: AbortSignal.abort(new Error('Cancelled.')) };
    await expect(callTool(named(tools, 'write'), { path: 'f', text: 'x' }, over)).rejects.toThrow('Cancelled.');
    expect(existsSync(at('f'))).toBe(false);
  });

  it('that the disk refuses says so without the path, and keeps what was there', async () => {
    await call('write', { path: 'd/f', text: 'old' });
    rmdirSync(stagingFolder(join(root, 'out')));
    writeFileSync(stagingFolder(join(root, 'out')), 'in the way');
    await expect(call('write', { path: 'd/f', text: 'new' })).rejects.toThrow(
      expect.objectContaining({
        name: 'NonRetryableError',
        message: 'd/f cannot be used: the disk answered EEXIST.',
        cause: expect.objectContaining({ code: 'EEXIST' }),
      }),
    );
    expect(readFileSync(at('d/f'), 'utf8')).toBe('old');
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createWorkspaceTools } from '../../src/agents/tools/workspace/workspace-tools.ts';
import type { AnyTool } from '../../src/workflows/tool.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import { openAsking } from './asking.ts';
import { MemoryJournal } from './memory-journal.ts';

let folder: string;
let journal: MemoryJournal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'squadra-offline-'));
  journal = new MemoryJournal();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const request = '# Login page\n\nPeople forget passwords.\n\n## Wants\n\n- Sign in with a link\n- Keep passwords\n';

function ask(role: string, name = role, tools?: readonly AnyTool[]) {
  const workspace = createWorkspaceTools({ workspaceRoot: folder, maxWorkspaceBytes: 1024 * 1024 });
  const { asker, member } = openAsking({ tools: tools ?? workspace, workspaceRoot: folder });
  return asker.ask(journal.request(member({ role }), request, { name }));
}

const files = (): string[] =>
  readdirSync(join(folder, 'execution-1'), { recursive: true, encoding: 'utf8', withFileTypes: false }).toSorted();
const read = (path: string): string => readFileSync(join(folder, 'execution-1', path), 'utf8');

describe('the offline script with tools', () => {
  it('looks what is there, saves its work, and says where', async () => {
    const { text } = await ask('project_manager');
    expect(journal.entries.flatMap((entry) => (entry.entry === 'result' ? [entry.key] : []))).toEqual([
      'project_manager/model/1',
      'project_manager/tool/1.1',
      'project_manager/model/2',
      'project_manager/tool/2.1',
      'project_manager/model/3',
    ]);
    expect(files()).toEqual(['plan.md']);
    expect(read('plan.md')).toMatch(/^> Offline script: no language model wrote this\.[\s\S]*# Plan: Login page/);
    expect(text).toMatch(/Saved in the workspace as `plan\.md`\.\n$/);
  });

  it('puts code into a file of its own, which says that it is from the script', async () => {
    await ask('backend_developer');
    expect(files()).toEqual(['src', 'src/login-page.ts']);
    expect(read('src/login-page.ts')).toMatch(
      /^\/\/ Offline script: no language model wrote this\.\n[\s\S]*export async function/,
    );
  });

  it('takes nobody’s place', async () => {
    await ask('tester');
    await ask('reviewer');
    await ask('tester', 'again');
    expect(files()).toEqual(['review-2.md', 'review-3.md', 'review.md']);
    expect(read('review-2.md')).toContain('# Review: Login page');
  });

  it('answers at once where it cannot write, and says nothing of files where writing failed', async () => {
    const list = createWorkspaceTools({ workspaceRoot: folder, maxWorkspaceBytes: 1 }).filter(
      ({ name }) => name === 'list',
    );
    const plain = await ask('tester', 'plain', list);
    expect(plain.text).not.toContain('Saved');
    expect(journal.entries.filter(({ entry }) => entry === 'result')).toHaveLength(1);
    const refused = await ask(
      'tester',
      'refused',
      createWorkspaceTools({ workspaceRoot: folder, maxWorkspaceBytes: 1 }),
    );
    expect(refused.text).toBe(plain.text);
  });

  it('leaves tools alone that it does not know', async () => {
    const other = defineTool({ name: 'launch', description: 'Launches.', input: z.object({}), run: () => 'gone' });
    expect((await ask('tester', 'tester', [other])).text).toContain('# Test report');
  });
});

import { join } from 'node:path';
import { z } from 'zod';
import { NonRetryableError } from '../../../kernel/errors.ts';
import { type AnyTool, type ToolContext, defineTool } from '../../../workflows/tool.ts';
import { Turns } from './turns.ts';
import { Workspace, type WorkspaceEntry, type WorkspaceLimits } from './workspace.ts';
import { parseWorkspacePath, showPath } from './workspace-path.ts';

/** More than ten answers of the longest length that a model gives at once; files of this size are no longer read by anybody. */
export const maxFileBytes = 1024 * 1024;
/** Every write looks at all of them; a thousand take a few milliseconds. */
export const maxEntries = 1_000;

/** Beside the workspaces; ids of executions never begin with a dot. */
const stagingName = '.staging';

/** Where files wait to be renamed into their workspace, which lies in `workspaceRoot`. */
export function stagingFolder(workspaceRoot: string): string {
  return join(workspaceRoot, stagingName);
}

/** `list`, `read`, `write` and `edit` in the folder of the execution that calls. */
export function createWorkspaceTools(options: {
  readonly workspaceRoot: string;
  readonly maxWorkspaceBytes: number;
}): readonly AnyTool[] {
  const limits: WorkspaceLimits = { maxFileBytes, maxEntries, maxBytes: options.maxWorkspaceBytes };
  const staging = stagingFolder(options.workspaceRoot);
  const turns = new Turns();
  const open = ({ workspace }: ToolContext): Workspace => new Workspace(workspace, staging, limits);
  return [listTool(open), readTool(open), writeTool(open, turns), editTool(open, turns)];
}

type Open = (context: ToolContext) => Workspace;

const pathOf = (what: string) => z.string().describe(`${what}, relative to the workspace, as in 'src/app.ts'.`);

function listTool(open: Open): AnyTool {
  return defineTool({
    name: 'list',
    description: 'Lists the files and folders of the workspace, or of one folder in it, with everything below.',
    input: z.strictObject({ path: pathOf('The folder; leave it out for all').optional() }),
    isReadOnly: true,
    keepsResult: false,
    run: async ({ path = '.' }, context) => {
      const { entries, more } = await open(context).list(parseWorkspacePath(path));
      if (entries.length === 0) return 'It is empty.';
      const lines = entries.map(entryLine);
      return more
        ? [...lines, `There are more than these ${entries.length}; list one folder.`].join('\n')
        : lines.join('\n');
    },
  });
}

function entryLine({ path, kind, bytes }: WorkspaceEntry): string {
  const shown = showPath(path);
  // A file that another tool made may have any name; only a plain one is shown as it is.
  const name = /^[\p{L}\p{N}\p{P}\p{S} /]+$/u.test(shown) ? shown : JSON.stringify(shown);
  switch (kind) {
    case 'folder':
      return `${name}/`;
    case 'file':
      return `${name} (${bytes} bytes)`;
    case 'other':
      return `${name} (a link or device, not readable)`;
  }
}

function readTool(open: Open): AnyTool {
  return defineTool({
    name: 'read',
    description: 'Reads a text file of the workspace, all of it or some of its lines.',
    input: z.strictObject({
      path: pathOf('The file'),
      fromLine: z.int().min(1).optional().describe('The first line to read; 1 where left out.'),
      lines: z.int().min(1).optional().describe('How many lines to read; all where left out.'),
    }),
    isReadOnly: true,
    keepsResult: false,
    run: async ({ path, fromLine = 1, lines }, context) => {
      const text = await open(context).read(parseWorkspacePath(path));
      if (fromLine === 1 && lines === undefined) return text;
      const all = text.split('\n');
      if (fromLine > all.length)
        throw new NonRetryableError(`${path} has ${all.length} lines; there is no line ${fromLine}.`);
      return all.slice(fromLine - 1, lines === undefined ? undefined : fromLine - 1 + lines).join('\n');
    },
  });
}

function writeTool(open: Open, turns: Turns): AnyTool {
  return defineTool({
    name: 'write',
    description: 'Writes a text file into the workspace, folders included. What the file held before is replaced.',
    input: z.strictObject({ path: pathOf('The file'), text: z.string().describe('All that the file is to hold.') }),
    isIdempotent: true,
    run: ({ path, text }, context) => {
      const parsed = parseWorkspacePath(path);
      return turns.take(context.workspace, async () => {
        const { bytes, isNew } = await open(context).write(parsed, text, context.signal);
        return `${isNew ? 'Wrote' : 'Replaced'} ${showPath(parsed)} (${bytes} bytes).`;
      });
    },
  });
}

function editTool(open: Open, turns: Turns): AnyTool {
  return defineTool({
    name: 'edit',
    description:
      'Replaces a piece of a text file in the workspace. The old text has to stand in the file exactly once, to the letter; add lines around it until it does.',
    input: z.strictObject({
      path: pathOf('The file'),
      oldText: z.string().min(1).describe('What stands there now, spaces and line breaks included.'),
      newText: z.string().describe('What is to stand there instead; empty to remove it.'),
    }),
    // An edit that is found done is not done again.
    isIdempotent: true,
    run: ({ path, oldText, newText }, context) => {
      const parsed = parseWorkspacePath(path);
      return turns.take(context.workspace, async () => {
        const workspace = open(context);
        const text = await workspace.read(parsed);
        const edited = replaceOnce(text, oldText, newText, showPath(parsed));
        if (edited === null)
          return `Nothing was changed: ${showPath(parsed)} holds the new text already, and the old text no longer.`;
        const { bytes } = await workspace.write(parsed, edited, context.signal);
        return `Edited ${showPath(parsed)} (${bytes} bytes).`;
      });
    },
  });
}

/**
 * The text with `oldText` replaced where it stands exactly once; null when that was done before. After a crash an edit may
 * be made again: an insertion leaves its old text inside the new one, and must not be inserted twice.
 */
function replaceOnce(text: string, oldText: string, newText: string, path: string): string | null {
  const at = text.indexOf(oldText);
  if (at < 0) {
    if (newText !== '' && text.includes(newText)) return null;
    throw new NonRetryableError(`The old text is not in ${path}; read the file and copy it to the letter.`);
  }
  if (text.includes(oldText, at + 1))
    throw new NonRetryableError(
      `The old text stands in ${path} more than once; add lines around it until it is unique.`,
    );
  const offset = newText.indexOf(oldText);
  if (offset >= 0 && text.startsWith(newText, at - offset)) return null;
  return text.slice(0, at) + newText + text.slice(at + oldText.length);
}

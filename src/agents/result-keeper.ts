import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { ToolContext } from '../workflows/tool.ts';
import { resultFile } from './tool-result.ts';
import { Workspace } from './tools/workspace/workspace.ts';
import { stagingFolder } from './tools/workspace/workspace-tools.ts';

/** As many as the tools of the workspace allow. */
const maxEntries = 1_000;

/** Where the whole of a result is, for the model to read; `path` is null when it could not be kept. */
export interface KeptResult {
  readonly path: string | null;
  readonly note: string;
}

/** Keeps what is too long for a model as files of the workspace. */
export class ResultKeeper {
  readonly #root: string;
  readonly #maxBytes: number;

  constructor(options: { readonly workspaceRoot: string; readonly settings: Pick<Settings, 'maxWorkspaceBytes'> }) {
    this.#root = options.workspaceRoot;
    this.#maxBytes = options.settings.maxWorkspaceBytes;
  }

  /** The folder of an execution; whoever writes first makes it. */
  workspaceOf(executionId: string): string {
    return join(this.#root, executionId);
  }

  /** A call that is made again leaves the same file. The call was made: that its result does not fit undoes nothing. */
  async keep(text: string, stepKey: string, { workspace, signal }: ToolContext): Promise<KeptResult> {
    const path = resultFile(stepKey);
    const limits = { maxFileBytes: this.#maxBytes, maxEntries, maxBytes: this.#maxBytes };
    try {
      await new Workspace(workspace, stagingFolder(this.#root), limits).write(path, text, signal);
      return { path: path.join('/'), note: `The whole is kept in the workspace as ${path.join('/')}.` };
    } catch (error) {
      signal.throwIfAborted();
      return {
        path: null,
        note: `The rest could not be kept: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }
}

import { SquadraError } from '../kernel/errors.ts';
import type { RunHandleParts } from './run-handle.ts';

/** The files of an execution: sizes in bytes, `/` between folders. `hasMore` when there are more than are listed. */
export interface FileListing {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly hasMore: boolean;
}

/** The folder that the members of each execution write into, to be looked at from outside. */
export interface FileSource {
  /** Empty where they wrote nothing. */
  list(id: string): Promise<FileListing>;
  /** Null for what is no file there, leads out of it, or is too large. */
  read(id: string, path: string): Promise<Buffer | null>;
}

export interface ExecutionFilesParts extends Pick<RunHandleParts, 'reports'> {
  readonly files: FileSource;
}

/** The files of a tenant's executions: what members wrote with their tools, while they write and afterwards. */
export class ExecutionFiles {
  readonly #parts: ExecutionFilesParts;
  readonly #tenant: string;

  constructor(parts: ExecutionFilesParts, tenant: string) {
    this.#parts = parts;
    this.#tenant = tenant;
  }

  /** Throws `NOT_FOUND` for an execution that there is not. */
  async list(id: string): Promise<FileListing> {
    await this.#require(id);
    return this.#parts.files.list(id);
  }

  /** What a file holds. Throws `NOT_FOUND` for an execution or file that there is not. */
  async read(id: string, path: string): Promise<Buffer> {
    await this.#require(id);
    const content = await this.#parts.files.read(id, path);
    if (content !== null) return content;
    throw new SquadraError('NOT_FOUND', `Execution ${id} has no such file that could be read.`);
  }

  async #require(id: string): Promise<void> {
    if ((await this.#parts.reports.get(this.#tenant, id)) === null)
      throw new SquadraError('NOT_FOUND', `There is no execution ${id}; \`squadra list\` shows those there are.`);
  }
}

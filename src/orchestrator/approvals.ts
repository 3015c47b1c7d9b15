import { SquadraError } from '../kernel/errors.ts';
import type { Approval, ApprovalAnswer, ApprovalStatus, ApprovalStore } from '../work/approval-store.ts';
import type { Commands } from './commands.ts';
import { contentLength } from './content-length.ts';
import { byId, readPageBy } from './page.ts';
import type { Page, PageFormat } from './page.ts';

/** What a list of approvals can be narrowed to; `limit` is 1 to 200, 50 where nothing is said. */
export interface ApprovalListFilter {
  readonly status?: ApprovalStatus;
  readonly executionId?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

export interface ApprovalParts {
  readonly approvals: ApprovalStore;
  readonly commands: Commands;
}

const newestFirst: PageFormat<Approval, string> = {
  ...byId,
  lengthOf: ({ details, text, comment }) => contentLength(details, text, comment),
};

/** What executions ask people, and the answers. */
export class Approvals {
  readonly #parts: ApprovalParts;
  readonly #tenant: string;

  constructor(parts: ApprovalParts, tenant: string) {
    this.#parts = parts;
    this.#tenant = tenant;
  }

  /** Throws `NOT_FOUND`. */
  async get(id: string): Promise<Approval> {
    const approval = await this.#parts.approvals.get(this.#tenant, id);
    if (approval === null) throw new SquadraError('NOT_FOUND', `There is no approval ${id}.`);
    return approval;
  }

  /** Newest first. */
  list({ status, executionId, ...page }: ApprovalListFilter = {}): Promise<Page<Approval>> {
    return readPageBy(newestFirst, page, (limit, before) =>
      this.#parts.approvals.list(this.#tenant, {
        ...(status === undefined ? {} : { status }),
        ...(executionId === undefined ? {} : { executionId }),
        ...(before === undefined ? {} : { before }),
        limit,
      }),
    );
  }

  /** Throws `NOT_FOUND`, `ALREADY_ANSWERED`, or `UNKNOWN_CHOICE` naming those offered. */
  answer(id: string, answer: ApprovalAnswer): Promise<Approval> {
    return this.#parts.commands.answer(this.#tenant, id, answer);
  }
}

import { createHash } from 'node:crypto';

/** What a subject may consist of, between its dots, and is short enough to be read. */
const plain = /^[\w-]{1,64}$/;

/** Under what the processes of one fleet tell each other what. */
export class Subjects {
  /** For all: news, and that somebody may have missed something. */
  readonly news: string;
  /** For whoever runs calls: who wants to know what they say. */
  readonly asks: string;
  readonly #prefix: string;

  constructor(fleet: string) {
    this.#prefix = `squadra.${token(fleet)}`;
    this.news = `${this.#prefix}.news`;
    this.asks = `${this.#prefix}.asks`;
  }

  readonly commit = (tenant: string, executionId: string): string =>
    `${this.#prefix}.commits.${token(tenant)}.${token(executionId)}`;

  readonly commitsOf = (executionId: string): string => `${this.#prefix}.commits.*.${token(executionId)}`;

  readonly commitsOfTenant = (tenant: string): string => `${this.#prefix}.commits.${token(tenant)}.*`;

  readonly textOf = (executionId: string): string => `${this.#prefix}.text.${token(executionId)}`;
}

/** A name as one part of a subject: whatever a tenant is called, it stands for itself alone and is no wildcard. */
function token(name: string): string {
  if (plain.test(name) && !name.startsWith('h-')) return name;
  return `h-${createHash('sha256').update(name).digest('base64url')}`;
}

import { z } from 'zod';
import { scopes } from '../access/principal.ts';
import { SquadraError } from '../kernel/errors.ts';
import { toFailure } from '../kernel/failure.ts';
import type { Json } from '../kernel/json.ts';
import type { InboxCommand, InboxReply } from '../work/inbox.ts';
import type { Access } from './access.ts';
import type { Commands } from './commands.ts';
import type { Forks } from './forks.ts';
import type { Pruning } from './housekeeping.ts';

const id = z.string();
/** What each command carries. Senders are other processes, maybe of another version: what they sent is checked. */
const bodies = {
  start: z.strictObject({ id }),
  retry: z.strictObject({ id }),
  // What is set of members is checked where the squad is known.
  fork: z.strictObject({
    id,
    from: z.string(),
    set: z.record(z.string(), z.record(z.string(), z.json())).exactOptional(),
  }),
  cancel: z.strictObject({ id, reason: z.string().exactOptional() }),
  signal: z.strictObject({ id, name: z.string(), payload: z.json() }),
  approve: z.strictObject({
    id,
    name: z.string(),
    choice: z.string(),
    by: z.string(),
    comment: z.string().exactOptional(),
    text: z.string().exactOptional(),
  }),
  prune: z.strictObject({ endedBefore: z.number() }),
  // Made by the sender, so that the text of a key is in no file: here are what tells keys apart and what is looked for.
  addKey: z.strictObject({
    id,
    name: z.string().min(1),
    prefix: z.string().min(1),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    scopes: z.array(z.enum(scopes)).min(1),
    createdAt: z.number(),
    expiresAt: z.number().nullable(),
  }),
  revokeKey: z.strictObject({ key: z.string() }),
};

/** A command as its sender writes it; its id is given on the way. */
export type CommandRequest = {
  readonly [Name in keyof typeof bodies]: {
    readonly tenant: string;
    readonly name: Name;
    readonly body: z.infer<(typeof bodies)[Name]>;
  };
}[keyof typeof bodies];

export interface InboxServiceParts {
  readonly commands: Commands;
  readonly forks: Forks;
  readonly pruning: Pruning;
  readonly access: Pick<Access, 'addKey' | 'revokeKey'>;
}

/** Does what commands from other processes say, and answers each with its result or its failure. */
export class InboxService {
  readonly #parts: InboxServiceParts;

  constructor(parts: InboxServiceParts) {
    this.#parts = parts;
  }

  async take(command: InboxCommand): Promise<InboxReply> {
    try {
      return { ok: true, value: await this.#apply(command) };
    } catch (error) {
      return { ok: false, error: toFailure(error) };
    }
  }

  async #apply({ id: commandId, tenant, name, body }: InboxCommand): Promise<Json> {
    switch (name) {
      case 'start':
        return plain(await this.#parts.commands.start(tenant, checked(name, body).id, commandId));
      case 'retry':
        return plain(await this.#parts.commands.retry(tenant, checked(name, body).id, commandId));
      case 'fork': {
        const { id: executionId, ...request } = checked(name, body);
        // The command's id makes a fork that is asked for again, after a crash in between, the same fork.
        return { id: await this.#parts.forks.fork(tenant, executionId, request, commandId) };
      }
      case 'cancel': {
        const { id: executionId, reason } = checked(name, body);
        return plain(await this.#parts.commands.cancel(tenant, executionId, reason));
      }
      case 'signal': {
        const { id: executionId, name: signal, payload } = checked(name, body);
        // The command's id makes a signal that is applied again, after a crash in between, the same signal.
        return plain(await this.#parts.commands.signal(tenant, executionId, signal, payload, commandId));
      }
      case 'approve': {
        const { id: executionId, name: approval, ...answer } = checked(name, body);
        return plain(await this.#parts.commands.approve(tenant, executionId, approval, answer, commandId));
      }
      case 'addKey':
        return plain(await this.#parts.access.addKey({ ...checked(name, body), tenant, revokedAt: null }));
      case 'revokeKey':
        return plain(await this.#parts.access.revokeKey(tenant, checked(name, body).key));
      case 'prune':
        return { deleted: await this.#parts.pruning.run(checked(name, body).endedBefore) };
    }
  }
}

function checked<Name extends keyof typeof bodies>(name: Name, body: Json): z.infer<(typeof bodies)[Name]> {
  const parsed = bodies[name].safeParse(body);
  // Each schema gives its own type; indexing by a type parameter loses that.
  if (parsed.success) return parsed.data as z.infer<(typeof bodies)[Name]>;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new SquadraError('INVALID_INPUT', `The command '${name}' cannot be read: ${problems.join('; ')}.`);
}

/** Results of commands are rows of plain values. */
function plain(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

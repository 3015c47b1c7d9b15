import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import type { ApiKey } from '../../access/access-store.ts';
import { makeKey } from '../../access/api-key.ts';
import { scopes } from '../../access/principal.ts';
import type { Scope } from '../../access/principal.ts';
import { openReports } from '../../compose/outside.ts';
import { durationMs } from '../../kernel/duration.ts';
import { createIds } from '../../kernel/id.ts';
import { newKey } from '../../orchestrator/key-request.ts';
import type { Cli, CommandContext } from '../cli.ts';
import { stateOptions } from '../cli.ts';
import type { ExitCode } from '../exit-code.ts';
import { openIfThere } from '../reports.ts';
import { send, tell } from '../sending.ts';
import { iso } from '../view/event-document.ts';
import { formatAge } from '../view/figures.ts';
import { safeJson, safeLine } from '../view/safe-text.ts';
import { table } from '../view/table.ts';

interface CreateOptions {
  readonly name: string;
  readonly scopes?: readonly Scope[];
  readonly expires: string;
}

/** As long as a key holds unless something else is said: a forgotten key should not hold for ever. */
const defaultExpiry = '90d';
const defaultScopes: readonly Scope[] = ['read', 'write'];

/** `squadra keys`: who gets in over HTTP. */
export function keysCommand(cli: Cli): Command {
  const keys = new Command('keys')
    .summary('keys for the HTTP interface: create, list, revoke')
    .description(
      'Makes, lists and revokes the keys with which programs and people get in over HTTP. Each belongs to a tenant (--tenant) and sees what is of that tenant. From the first key on, everybody needs one.',
    );
  keys
    .command('create')
    .summary('make a key')
    .description(
      'Makes a key and shows it once; only a hash of it is kept. It holds at once, also for a server that runs.',
    )
    .requiredOption('--name <name>', 'what it is for, to tell keys apart')
    .option(
      '--scopes <scopes>',
      'read, write (with read) or admin (with both), separated by commas (default: read,write)',
      parseScopes,
    )
    .option('--expires <duration>', 'how long it holds, such as 90d or 12h; or never', defaultExpiry)
    .action((options: CreateOptions, command: Command) => cli.run(command, (context) => create(context, options)));
  keys
    .command('list')
    .summary('the keys there are')
    .description("Lists a tenant's keys, revoked and expired ones too. Their texts are not kept and cannot be shown.")
    .action((_: object, command: Command) => cli.run(command, list));
  keys
    .command('revoke')
    .summary('end a key')
    .description(
      'Ends a key for good, at once: a server that runs refuses it from now on and ends the streams it has open.',
    )
    .argument('<key>', 'its id, or its prefix as in sqd_1a2B3c4D')
    .action((key: string, _: object, command: Command) => cli.run(command, (context) => revoke(context, key)));
  return keys;
}

/** The key is made here: its text is in no file and goes to no other process. */
async function create(
  context: CommandContext,
  { name, scopes: given = defaultScopes, expires }: CreateOptions,
): Promise<ExitCode> {
  const { options, terminal, clock } = context;
  const { tenant } = options;
  const expiresInMs = expires === 'never' ? null : durationMs(expires, '--expires');
  const { text, prefix, hash } = makeKey();
  const key = newKey(tenant, { name, scopes: given, expiresInMs }, { prefix, hash }, { clock, ids: createIds(clock) });
  const { tenant: _, revokedAt: __, ...body } = key;
  await send(context, { tenant, name: 'addKey', body: { ...body, scopes: [...key.scopes] } });
  if (options.json) {
    const { id, expiresAt, createdAt } = key;
    const times = { expiresAt: isoOrNull(expiresAt), createdAt: iso(createdAt) };
    terminal.out(safeJson({ id, key: text, prefix, tenant, name, scopes: key.scopes, ...times }, 2));
    return 0;
  }
  terminal.out(text);
  if (!options.quiet) {
    const end = key.expiresAt === null ? 'never expires' : `expires on ${iso(key.expiresAt).slice(0, 10)}`;
    terminal.note(
      `This is the key '${safeLine(name)}' of tenant ${safeLine(tenant)} (${key.scopes.join(', ')}); it ${end}. It is not shown again.`,
    );
  }
  return 0;
}

async function list({ options, terminal, clock }: CommandContext): Promise<ExitCode> {
  await using state = await openIfThere(() => openReports(stateOptions(options)));
  const keys = state === null ? [] : await state.access.listKeys(options.tenant);
  if (options.json) {
    terminal.out(safeJson({ items: keys.map(keyDocument) }, 2));
    return 0;
  }
  if (keys.length === 0) {
    if (!options.quiet)
      terminal.note(`Tenant ${safeLine(options.tenant)} has no key; \`squadra keys create\` makes one.`);
    return 0;
  }
  const now = clock.now();
  const columns = [
    { title: 'PREFIX', text: (key: ApiKey) => key.prefix, paint: terminal.ink.bold },
    { title: 'SCOPES', text: (key: ApiKey) => key.scopes.join(' ') },
    { title: 'CREATED', text: (key: ApiKey) => formatAge(key.createdAt, now) },
    { title: 'HOLDS', text: (key: ApiKey) => holding(key, now) },
    { title: 'ID', text: (key: ApiKey) => key.id },
    { title: 'NAME', text: (key: ApiKey) => safeLine(key.name), flexible: true },
  ];
  terminal.out(table(keys, columns, terminal.columns(), terminal.ink));
  return 0;
}

function holding({ revokedAt, expiresAt }: ApiKey, now: number): string {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt === null) return 'for ever';
  const day = iso(expiresAt).slice(0, 10);
  return expiresAt <= now ? `expired ${day}` : `until ${day}`;
}

/** Of the reply only what is shown: other fields may come with other versions. */
const revokedSchema = z.object({
  id: z.string(),
  prefix: z.string(),
  tenant: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  createdAt: z.number(),
  expiresAt: z.number().nullable(),
  revokedAt: z.number().nullable(),
});

async function revoke(context: CommandContext, named: string): Promise<ExitCode> {
  const { value } = await send(context, { tenant: context.options.tenant, name: 'revokeKey', body: { key: named } });
  const key = revokedSchema.parse(value);
  tell(context, keyDocument(key), `The key '${safeLine(key.name)}' (${key.prefix}) is revoked.`);
  return 0;
}

function keyDocument({ createdAt, expiresAt, revokedAt, ...key }: ApiKey): object {
  return { ...key, createdAt: iso(createdAt), expiresAt: isoOrNull(expiresAt), revokedAt: isoOrNull(revokedAt) };
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}

function parseScopes(text: string): readonly Scope[] {
  const names = text.split(',').map((name) => name.trim());
  const known = names.flatMap((name) => scopes.find((scope) => scope === name) ?? []);
  if (known.length === names.length) return [...new Set(known)];
  throw new InvalidArgumentError(`the scopes are ${scopes.join(', ')}, separated by commas.`);
}

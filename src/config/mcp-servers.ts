import { z } from 'zod';
import { type Duration, durationMs } from '../kernel/duration.ts';
import { SquadraError } from '../kernel/errors.ts';

/** The time one call of a tool may take unless the server says otherwise: the customary limit of MCP clients. */
const defaultTimeout = '60s';
/** `npx` may have to fetch the server first. */
const defaultStartTimeout = '60s';
const maxTimeoutMs = 3_600_000;
/** Shorter texts are words, not keys; hiding them would make messages unreadable. */
const minSecretLength = 8;

const text = z.string().trim().min(1);
const texts = z.record(z.string().min(1), z.string());

const timeout = z.custom<Duration>((value) => isTimeout(value), "is no duration up to an hour with a unit, as '30s'");

const common = {
  /** The only tools that may be used; all where left out. */
  tools: z.array(text).exactOptional(),
  /** Tools whose every call a person has to allow; `true` for all. */
  requireApproval: z.union([z.boolean(), z.array(text)]).exactOptional(),
  /** Of one call. */
  timeout: timeout.exactOptional(),
  /** Until the server is ready and has listed its tools. */
  startTimeout: timeout.exactOptional(),
};

const command = z.strictObject({
  command: text,
  args: z.array(z.string()).exactOptional(),
  env: texts.exactOptional(),
  cwd: text.exactOptional(),
  ...common,
});

const address = z.strictObject({
  // What `${NAME}` makes of it is checked when it is filled.
  url: text.regex(/^(?:https?:\/\/|\$\{)\S+$/, 'is no http or https address'),
  headers: texts.exactOptional(),
  ...common,
});

/** Names of servers become part of the names of tools. */
const serverName = /^[A-Za-z][A-Za-z0-9-]{0,31}$/;

/** The section `mcp` of `squadra.yaml`, and the option of the same name. */
export const mcpTable = z.record(z.string(), z.unknown()).superRefine((table, context) => {
  for (const [name, value] of Object.entries(table)) {
    if (!serverName.test(name)) {
      const message = 'is no name for a server: 1 to 32 letters, digits and dashes, beginning with a letter';
      context.addIssue({ code: 'custom', path: [name], message });
    }
    for (const issue of entrySchema(value).safeParse(value).error?.issues ?? [])
      context.addIssue({ code: 'custom', path: [name, ...issue.path], message: issue.message });
  }
});

/** A server that is started as a process and spoken to over its standard input and output. */
export type McpCommand = z.infer<typeof command>;
/** A server that is reached over HTTP. */
export type McpAddress = z.infer<typeof address>;
/** MCP servers by name. */
export type McpOptions = Readonly<Record<string, McpCommand | McpAddress>>;

/** One server as it runs. */
export type McpServerSettings = {
  readonly name: string;
  /** Null allows all. */
  readonly tools: readonly string[] | null;
  /** True for all. */
  readonly requireApproval: boolean | readonly string[];
  readonly timeoutMs: number;
  readonly startTimeoutMs: number;
  /** Texts that must not appear in a message. */
  readonly secrets: readonly string[];
} & (
  | {
      readonly transport: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string | null;
    }
  | { readonly transport: 'http'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
);

/**
 * Checks the servers and fills `${NAME}` from the environment, so that keys need not stand in a file. `$${NAME}` stays
 * `${NAME}`. Throws `INVALID_SETTING` with every problem at once.
 */
export function readMcpServers(
  options: McpOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): readonly McpServerSettings[] {
  const parsed = mcpTable.safeParse(options);
  const problems = (parsed.error?.issues ?? []).map(({ path, message }) => `mcp.${path.join('.')}: ${message}`);
  const filled = Object.entries(parsed.success ? options : {}).map(([name, entry]) => {
    const filling = new Filling(environment);
    const settings = settingsOf(name, entry, filling);
    for (const variable of filling.missing) problems.push(`mcp.${name}: the variable ${variable} is not set`);
    if (filling.missing.size === 0 && settings.transport === 'http' && !isHttp(settings.url))
      problems.push(`mcp.${name}.url: is no http or https address`);
    return settings;
  });
  if (problems.length === 0) return filled;
  throw new SquadraError('INVALID_SETTING', `The MCP servers cannot be used: ${problems.join('; ')}.`, {
    details: { problems },
  });
}

function settingsOf(name: string, entry: McpCommand | McpAddress, filling: Filling): McpServerSettings {
  const shared = {
    name,
    tools: entry.tools ?? null,
    requireApproval: entry.requireApproval ?? false,
    timeoutMs: durationMs(entry.timeout ?? defaultTimeout, `mcp.${name}.timeout`),
    startTimeoutMs: durationMs(entry.startTimeout ?? defaultStartTimeout, `mcp.${name}.startTimeout`),
  };
  if ('url' in entry) {
    const url = filling.fill(entry.url);
    const headers = filling.fillAll(entry.headers);
    const secrets = secretsOf([...filling.values, ...Object.values(headers), URL.parse(url)?.password ?? '']);
    return { ...shared, transport: 'http', url, headers, secrets };
  }
  const env = filling.fillAll(entry.env);
  const args = (entry.args ?? []).map((arg) => filling.fill(arg));
  const secrets = secretsOf([...filling.values, ...Object.values(env)]);
  return {
    ...shared,
    transport: 'stdio',
    command: filling.fill(entry.command),
    args,
    env,
    cwd: entry.cwd ?? null,
    secrets,
  };
}

/** Whole values, and what stands behind a scheme as in `Bearer <key>`; long ones first, so that none is cut by another. */
function secretsOf(values: readonly string[]): readonly string[] {
  const parts = values.flatMap((value) => [value, ...value.split(/\s+/)]);
  return [...new Set(parts.filter((part) => part.length >= minSecretLength))].toSorted((a, b) => b.length - a.length);
}

/** Puts variables of the environment in place, and remembers which. */
class Filling {
  readonly missing = new Set<string>();
  readonly values: string[] = [];
  readonly #environment: NodeJS.ProcessEnv;

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
  }

  fill(value: string): string {
    return value.replaceAll(/\$(\$?)\{(\w+)\}/g, (_whole, escape: string, name: string) => {
      if (escape !== '') return `\${${name}}`;
      const found = this.#environment[name];
      if (found === undefined || found === '') this.missing.add(name);
      else this.values.push(found);
      return found ?? '';
    });
  }

  fillAll(values: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, this.fill(value)]));
  }
}

/** By what the entry has, so that its problems are those of the kind that was meant. */
function entrySchema(value: unknown): z.ZodType {
  const has = (name: string): boolean => typeof value === 'object' && value !== null && name in value;
  if (has('url') && !has('command')) return address;
  if (has('command')) return command;
  return z.never('needs a `command` to start or the `url` of a running server');
}

function isHttp(url: string): boolean {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '');
}

function isTimeout(value: unknown): boolean {
  try {
    const ms = durationMs(value as Duration, 'timeout');
    return ms > 0 && ms <= maxTimeoutMs;
  } catch {
    return false;
  }
}

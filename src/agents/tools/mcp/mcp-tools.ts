import { createHash } from 'node:crypto';
import type { CallToolResult, ContentBlock, Tool as McpTool } from '@modelcontextprotocol/client';
import { NonRetryableError } from '../../../kernel/errors.ts';
import { type AnyTool, type JsonSchema, defineTool } from '../../../workflows/tool.ts';
import type { McpServer } from './mcp-server.ts';

/** What providers accept for a tool's name. */
const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** What a server says about a tool goes into every call of every model that has it. */
const maxDescriptionLength = 4_000;
const maxSchemaLength = 50_000;

/** The allowed tools of one server as tools of agents, by the server's own names. */
export class McpTools {
  readonly server: McpServer;
  #listing: readonly McpTool[] = [];
  #made: ReadonlyMap<string, AnyTool> = new Map();

  constructor(server: McpServer) {
    this.server = server;
  }

  /** In order of their names, so that the same prompt is made of them each time; the same objects while nothing changed. */
  async all(): Promise<ReadonlyMap<string, AnyTool>> {
    const listing = await this.server.tools();
    if (listing === this.#listing) return this.#made;
    const { tools: allowed } = this.server.settings;
    const usable = listing
      .filter((tool) => allowed === null || allowed.includes(tool.name))
      .filter((tool) => JSON.stringify(tool.inputSchema).length <= maxSchemaLength)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.#listing = listing;
    this.#made = new Map(usable.map((tool) => [tool.name, agentTool(this.server, tool)]));
    return this.#made;
  }
}

function agentTool(server: McpServer, tool: McpTool): AnyTool {
  const { annotations } = tool;
  return defineTool<Record<string, unknown>>({
    name: toolName(server.settings.name, tool.name),
    description: (tool.description ?? tool.annotations?.title ?? tool.name).slice(0, maxDescriptionLength),
    input: { jsonSchema: objectSchema(tool.inputSchema) },
    // The operator chose the server, and so whether to believe it.
    isReadOnly: annotations?.readOnlyHint === true,
    isIdempotent: annotations?.idempotentHint === true,
    requireApproval: needsApproval(server, tool.name),
    run: async (input, { signal }) => {
      const result = await server.call(tool.name, asRecord(input), signal);
      const text = resultText(result);
      if (result.isError === true) throw new NonRetryableError(text === '' ? 'The tool failed without a word.' : text);
      return text;
    },
  });
}

function needsApproval({ settings: { requireApproval } }: McpServer, tool: string): boolean {
  return typeof requireApproval === 'boolean' ? requireApproval : requireApproval.includes(tool);
}

/** `server__tool`; names that no provider takes are made fit, and kept apart by a part of their hash. */
function toolName(server: string, tool: string): string {
  const plain = `${server}__${tool}`;
  if (namePattern.test(plain)) return plain;
  const hash = createHash('sha256').update(tool).digest('hex').slice(0, 8);
  return `${plain.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 55)}_${hash}`;
}

/** Providers want an object; servers may leave it out where a tool takes nothing. */
function objectSchema(schema: McpTool['inputSchema']): JsonSchema {
  return { ...schema, type: 'object', properties: schema.properties ?? {} };
}

function asRecord(input: unknown): Record<string, unknown> {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return { ...input };
  throw new NonRetryableError('The arguments have to be an object.');
}

/** What a model can read of an answer. Pictures and sounds are named, not shown. */
function resultText({ content, structuredContent }: CallToolResult): string {
  if (content.length === 0 && structuredContent !== undefined) return JSON.stringify(structuredContent);
  return content.map((block) => blockText(block)).join('\n');
}

function blockText(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return `[${block.type}, ${block.mimeType}, about ${Math.ceil(block.data.length * 0.75)} bytes; it cannot be shown]`;
    case 'resource_link':
      return `[resource ${block.uri}${block.name === undefined ? '' : `, ${block.name}`}]`;
    case 'resource':
      return 'text' in block.resource
        ? `[resource ${block.resource.uri}]\n${block.resource.text}`
        : `[resource ${block.resource.uri}; it cannot be shown]`;
    default:
      return '[something of an unknown kind]';
  }
}

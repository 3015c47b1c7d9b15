/**
 * An MCP server over standard input and output that behaves as no good server does; what it does is named by its argument:
 *
 *     node tests/support/odd-mcp-server.ts stubborn [port]
 *
 * With a port it connects there and stays connected for as long as it lives, so that a test hears of its end.
 */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const [manner = '', port] = process.argv.slice(2);
if (port !== undefined) connect(Number(port), '127.0.0.1').on('error', () => {});

if (manner === 'dying') {
  // So much that it has to be cut, wherever that may be.
  process.stderr.write(`${process.env.TOKEN}-`.repeat(1_001));
  process.stderr.write(`\nCannot start with ${process.env.TOKEN}: no such database.\n`);
  process.exit(3);
}
if (manner === 'stubborn') {
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 1_000);
  // Started by the server, as npx starts one.
  spawn(process.execPath, [process.argv[1] ?? '', 'silent', ...(port === undefined ? [] : [port])], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
}
if (manner === 'silent') setInterval(() => {}, 1_000);

const schema = { type: 'object' };
const tools = {
  chatty: [{ name: 'echo', inputSchema: schema }],
  huge: [{ name: 'shout', inputSchema: schema }],
  hostile: [
    { name: '../../etc/passwd', description: 'x'.repeat(1_000_000), inputSchema: schema },
    { name: 'a b\u001b[31m', inputSchema: { type: 'object', properties: { x: { type: 'string' } } } },
    { name: 'a b?[31m', inputSchema: schema },
    { name: 'n'.repeat(500), inputSchema: schema },
    { name: 'bomb', inputSchema: { type: 'object', description: 'y'.repeat(100_000) } },
    { name: 'fails', inputSchema: schema },
    { name: 'refuses', inputSchema: schema },
    { name: 'pictures', inputSchema: schema, annotations: { readOnlyHint: true } },
  ],
}[manner] ?? [{ name: 'hang', inputSchema: schema }];

interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly protocolVersion?: string };
}

function answer(id: number, body: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...body })}\n`);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line) as Request;
  if (id === undefined || manner === 'silent') return;
  if (manner === 'chatty') process.stdout.write('This is no message.\n{"neither": "is this"}\n');
  if (method === 'initialize')
    answer(id, {
      result: {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'odd', version: '1' },
      },
    });
  else if (method === 'tools/list') answer(id, { result: { tools } });
  else if (method === 'tools/call') call(id, params?.name ?? '');
});

function call(id: number, name: string): void {
  if (name === 'hang') return;
  if (name === 'shout') process.stdout.write('x'.repeat(11 * 1024 * 1024));
  else if (name === 'refuses') answer(id, { error: { code: -32_602, message: `No, ${process.env.TOKEN}!` } });
  else if (name === 'fails')
    answer(id, { result: { isError: true, content: [{ type: 'text', text: 'The disk is full.' }] } });
  else if (name === 'pictures')
    answer(id, {
      result: {
        content: [
          { type: 'image', mimeType: 'image/png', data: 'AAAA' },
          { type: 'resource_link', uri: 'demo://1', name: 'one' },
          { type: 'resource', resource: { uri: 'demo://2', text: 'words' } },
          { type: 'resource', resource: { uri: 'demo://3', blob: 'AAAA' } },
        ],
      },
    });
  else answer(id, { result: { content: [{ type: 'text', text: `called ${name}` }] } });
}

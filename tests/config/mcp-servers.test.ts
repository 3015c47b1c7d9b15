import { describe, expect, it } from 'vitest';
import { type McpOptions, readMcpServers } from '../../src/config/mcp-servers.ts';

describe('MCP servers', () => {
  it('have their defaults', () => {
    expect(readMcpServers(undefined, {})).toEqual([]);
    expect(readMcpServers({ a: { command: 'npx' }, b: { url: 'https://example.com/mcp' } }, {})).toEqual([
      {
        name: 'a',
        transport: 'stdio',
        command: 'npx',
        args: [],
        env: {},
        cwd: null,
        tools: null,
        requireApproval: false,
        timeoutMs: 60_000,
        startTimeoutMs: 60_000,
        secrets: [],
      },
      {
        name: 'b',
        transport: 'http',
        url: 'https://example.com/mcp',
        headers: {},
        tools: null,
        requireApproval: false,
        timeoutMs: 60_000,
        startTimeoutMs: 60_000,
        secrets: [],
      },
    ]);
  });

  it('are filled from the environment, and what was filled in is a secret', () => {
    const environment = { TOKEN: 'token-123456', PORT: '8080', USER_PASSWORD: 'pass-word-1' };
    const [files, search] = readMcpServers(
      {
        files: {
          command: 'run',
          args: ['--token=${TOKEN}', '$${TOKEN}'],
          env: { A: '${TOKEN}x', MODE: 'short' },
          timeout: '5s',
        },
        search: {
          url: 'http://me:${USER_PASSWORD}@localhost:${PORT}/mcp',
          headers: { authorization: 'Bearer ${TOKEN}', 'x-key': 'written-here' },
        },
      },
      environment,
    );
    expect(files).toMatchObject({
      args: ['--token=token-123456', '${TOKEN}'],
      env: { A: 'token-123456x', MODE: 'short' },
      timeoutMs: 5_000,
      secrets: ['token-123456x', 'token-123456'],
    });
    expect(search).toMatchObject({
      url: 'http://me:pass-word-1@localhost:8080/mcp',
      headers: { authorization: 'Bearer token-123456', 'x-key': 'written-here' },
      secrets: ['Bearer token-123456', 'token-123456', 'written-here', 'pass-word-1'],
    });
  });

  it('name every problem at once, and every variable that is not set', () => {
    const wrong = { 'a/b': { command: 'x' }, c: {}, d: null, e: { url: 'nowhere' } } as unknown as McpOptions;
    expect(() => readMcpServers(wrong, {})).toThrow(
      expect.objectContaining({
        code: 'INVALID_SETTING',
        details: {
          problems: [
            expect.stringMatching(/^mcp\.a\/b: is no name/),
            expect.stringMatching(/^mcp\.c: needs a `command`/),
            expect.stringMatching(/^mcp\.d: needs a `command`/),
            expect.stringMatching(/^mcp\.e\.url: is no http/),
          ],
        },
      }),
    );
    expect(() => readMcpServers({ a: { url: 'http://x:${PORT}/' } }, { PORT: 'many' })).toThrow(
      /mcp\.a\.url: is no http/,
    );
    const unset: McpOptions = { a: { command: '${NONE}', env: { B: '${EMPTY}${NONE}' } } };
    expect(() => readMcpServers(unset, { EMPTY: '' })).toThrow(
      /mcp\.a: the variable EMPTY is not set; mcp\.a: the variable NONE is not set/,
    );
  });
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../../src/workflows/tool.ts';
import { failureOf } from '../asking.ts';
import { everythingCommand, openToolbox } from './mcp-running.ts';

const hammer = defineTool({ name: 'hammer', description: 'Hits.', input: z.object({}), run: () => 'hit' });

describe('the toolbox', () => {
  it('has the built-in tools, the own ones, and the servers by name', async () => {
    const toolbox = await openToolbox({ everything: everythingCommand }, { tools: [hammer] });
    expect(toolbox.names).toEqual([
      'ask_member',
      'ask_person',
      'edit',
      'fetch_url',
      'hammer',
      'list',
      'mcp:everything',
      'read',
      'write',
    ]);
  });

  it('gives a member what it lists, each once, in that order', async () => {
    const toolbox = await openToolbox({}, { tools: [hammer] });
    const tools = await toolbox.toolsOf({ name: 'Tess', tools: ['write', 'hammer', 'read', 'write', 'ask_person'] });
    expect(tools.map((tool) => tool.name)).toEqual(['write', 'hammer', 'read', 'ask_person']);
    expect(await toolbox.toolsOf({ name: 'Tess', tools: [] })).toEqual([]);
  });

  it.each([['saw'], ['mcp:nobody'], ['mcp:everything/'], ['mcp:'], ['MCP:everything'], ['toString'], ['../read']])(
    'knows no %s, and says what there is',
    async (name) => {
      const toolbox = await openToolbox({ everything: everythingCommand });
      const unknown = {
        code: 'UNKNOWN_TOOL',
        message: expect.stringContaining(
          'Known are: ask_member, ask_person, edit, fetch_url, list, mcp:everything, read, write.',
        ),
        details: { unknown: [name], known: toolbox.names },
      };
      expect(() => toolbox.check(['read', name])).toThrow(expect.objectContaining(unknown));
      const error = await failureOf(toolbox.toolsOf({ name: 'Tess', tools: [name] }));
      expect(error).toMatchObject({
        ...unknown,
        message: expect.stringContaining(`The tool of Tess "${name}" does not exist`),
      });
    },
  );

  it.each(['read', 'ask_person'])('refuses an own tool that is called %s', async (name) => {
    const failure = await failureOf(openToolbox({}, { tools: [defineTool({ ...hammer, name })] }));
    expect(failure).toMatchObject({ code: 'INVALID_SETTING', message: expect.stringContaining(`'${name}'`) });
    expect(await failureOf(openToolbox({}, { tools: [hammer, hammer] }))).toMatchObject({ code: 'INVALID_SETTING' });
  });
});

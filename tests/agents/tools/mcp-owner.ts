import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createToolbox } from '../../../src/agents/tools/toolbox.ts';
import { type McpCommand, readMcpServers } from '../../../src/config/mcp-servers.ts';
import { readSettings } from '../../../src/config/settings.ts';
import { systemClock } from '../../../src/kernel/clock.ts';

const nothing = (): void => {};

/** Opens a toolbox with one server, uses it, and says so: for a process that is killed then. */
export async function openToolbox(odd: McpCommand): Promise<void> {
  const toolbox = await createToolbox({
    settings: readSettings({}),
    mcpServers: readMcpServers({ odd }),
    tools: [],
    workspaceRoot: join(tmpdir(), 'squadra-mcp-owner'),
    clock: systemClock,
    logger: { error: nothing, warn: nothing, info: nothing, debug: nothing },
  });
  await toolbox.toolsOf({ name: 'Tess', tools: ['mcp:odd'] });
  console.log('open');
}

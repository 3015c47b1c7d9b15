import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AnyTool, ToolContext } from '../../../src/workflows/tool.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'squadra-tools-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What a tool is told in a test. */
export function toolContext(fields: Partial<ToolContext> = {}): ToolContext {
  return {
    executionId: 'execution-1',
    tenant: 'local',
    memberId: 'member-1',
    signal: new AbortController().signal,
    idempotencyKey: 'execution-1/tester/tool/1.1',
    workspace: join(tmpdir(), 'squadra-tools-nowhere'),
    ...fields,
  };
}

/** Calls a tool as the loop does: arguments are checked by the tool's schema first. */
export async function callTool(tool: AnyTool, input: unknown, context: ToolContext = toolContext()): Promise<unknown> {
  const checked = 'jsonSchema' in tool.input ? input : tool.input.parse(input);
  return tool.run(checked as never, context);
}

/** The tool of that name. */
export function named(tools: readonly AnyTool[], name: string): AnyTool {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`There is no tool ${name} among ${tools.map((one) => one.name).join(', ')}.`);
  return tool;
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { WorkflowRegistry } from '../../src/orchestrator/workflow-registry.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';

const flows = new WorkflowRegistry([]).all;

describe('the registry of workflows', () => {
  it('has the flows, and knows which workflows cannot do without a squad', () => {
    const own = defineWorkflow({ name: 'own', run: () => null });
    const registry = new WorkflowRegistry([own]);
    expect(registry.all.map(({ name }) => name)).toEqual([
      'pipeline',
      'parallel',
      'delegate',
      'review-loop',
      'task',
      'own',
    ]);
    expect(registry.all.filter((workflow) => registry.needsSquad(workflow))).toEqual(flows);
  });

  it.each(flows.map(({ name }) => name))('leaves the name %s to the flow', (name) => {
    const impostor = defineWorkflow({ name, run: () => null });
    expect(() => new WorkflowRegistry([impostor])).toThrow(expect.objectContaining({ code: 'NAME_TAKEN' }));
    expect(() => new WorkflowRegistry([]).resolve(impostor)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_WORKFLOW' }),
    );
  });
});

describe('the flows', () => {
  it.each(flows.map((flow) => [flow.name, flow] as const))(
    '%s takes a request alone, and nothing it does not know',
    (_, { input }) => {
      expect(input?.safeParse({ message: 'Hello' }).success).toBe(true);
      expect(input?.safeParse({ message: 'Hello', colour: 'red' }).success).toBe(false);
      expect(input?.safeParse({}).success).toBe(false);
    },
  );

  const page = readFileSync(new URL('../../docs/flows.md', import.meta.url), 'utf8');
  const sections = new Map(page.split(/^## /m).map((text) => [/^`(?<name>[^`]+)`/.exec(text)?.groups?.name, text]));

  it('are all documented, and no other', () => {
    const documented = [...sections.keys()].filter((name) => name !== undefined);
    expect(documented.toSorted()).toEqual(flows.map(({ name }) => name).toSorted());
  });

  it.each(flows.map((flow) => [flow.name, flow] as const))(
    '%s has every option documented with its default',
    (name, { input }) => {
      const { properties = {} } = z.toJSONSchema(input ?? z.unknown(), { io: 'input' });
      // `before` is how a convoy hands on results; nobody else has a use for it.
      const isShown = (option: string): boolean => option !== 'message' && option !== 'before';
      const options = Object.entries(properties).filter(([option]) => isShown(option));
      const rows = [...(sections.get(name) ?? '').matchAll(/^\| `(\w+)` .*\| (.*?) +\|$/gm)].map(([, ...row]) => row);
      expect(rows.map(([option]) => option)).toEqual(options.map(([option]) => option));
      for (const [option, schema] of options) {
        const shown = rows.find(([row]) => row === option)?.[1];
        const isNumber = typeof schema === 'object' && schema.default !== undefined;
        expect(shown).toMatch(isNumber ? new RegExp(`^${String(schema.default)}$`) : /^the (?:first|last) member$/);
      }
    },
  );
});

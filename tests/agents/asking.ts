import type { ProviderV4 } from '@ai-sdk/provider';
import { type AgentAsker, createAsker } from '../../src/agents/agent-loop.ts';
import { createModelRegistry } from '../../src/agents/model-registry.ts';
import { createPrices } from '../../src/agents/pricing.ts';
import { MemoryCache } from '../../src/cache/memory/memory-cache.ts';
import { readSettings, type SettingOptions } from '../../src/config/settings.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { ModelAdmission } from '../../src/flow/model-admission.ts';
import { createIds } from '../../src/kernel/id.ts';
import { buildSquad } from '../../src/squads/build-squad.ts';
import { type Catalogue, readCatalogue } from '../../src/squads/catalogue.ts';
import type { Member, MemberInput } from '../../src/squads/squad.ts';
import type { AnyTool } from '../../src/workflows/tool.ts';

export interface AskingOptions {
  /** Of an OpenAI-compatible server. */
  readonly url?: string;
  readonly settings?: SettingOptions;
  readonly models?: Readonly<Record<string, ProviderV4>>;
  readonly clock?: Clock;
  /** What every member may call. */
  readonly tools?: readonly AnyTool[];
  /** Where workspaces lie; nothing is written where tools write nothing. */
  readonly workspaceRoot?: string;
}

/** An asker on its own, without an engine around it. */
export interface Asking {
  readonly asker: AgentAsker;
  member(fields?: Partial<MemberInput>): Member;
}

/** Reading the prompts takes a moment, and they do not change while tests run. */
const catalogue: Catalogue = readCatalogue();

export function openAsking({
  url,
  settings = {},
  models = {},
  clock = systemClock,
  tools = [],
  workspaceRoot = '/nowhere',
}: AskingOptions = {}): Asking {
  const all = readSettings(
    {},
    // One attempt makes one call here, whatever comes of it.
    {
      maxModelReturns: 0,
      ...(url === undefined ? {} : { openaiBaseUrl: url, openaiApiKey: 'sk-test-0123456789' }),
      ...settings,
    },
  );
  const registry = createModelRegistry({ settings: all, clock, models, offlinePaceMs: 0 });
  const ids = createIds(clock);
  return {
    asker: createAsker({
      registry,
      catalogue,
      cache: new MemoryCache(all, clock),
      settings: all,
      clock,
      prices: createPrices(clock),
      toolbox: { toolsOf: async () => tools },
      workspaceRoot,
      admission: new ModelAdmission(all, clock, null),
    }),
    member(fields = {}) {
      const squad = buildSquad(
        { name: 'test', members: [{ role: 'tester', ...fields }] },
        { catalogue, ids, clock, tools: anyTool },
      );
      const [member] = squad.members;
      if (member === undefined) throw new Error('The squad has no member.');
      return member;
    },
  };
}

/** What tools there are is the toolbox's affair. */
const anyTool = { check: () => {} };

/** The error of a promise that has to reject. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It was expected to fail.');
}

import type { LanguageModelV4 } from '@ai-sdk/provider';
import { cacheKey } from '../cache/cache.ts';
import type { Cache } from '../cache/cache.ts';
import type { Catalogue } from '../squads/catalogue.ts';
import { findSpecialization } from '../squads/role.ts';
import type { Member } from '../squads/squad.ts';
import type { ModelRegistry } from './model-registry.ts';
import { AgentUses } from './agent-uses.ts';
import type { PricedModel } from './pricing.ts';

/** The runtime object made from a member. It holds no conversation, so any number of asks can share it; only its uses are counted. */
export interface Agent {
  readonly model: LanguageModelV4;
  readonly priced: PricedModel;
  /** The same text for the same member: a call that is made again must be the same call. */
  readonly systemPrompt: string;
  readonly temperature: number;
  readonly uses: AgentUses;
}

/** Makes the agent of a member. Throws `UNKNOWN_PROVIDER`, `UNKNOWN_ROLE` or `UNKNOWN_SPECIALIZATION`. */
export function buildAgent(
  member: Member,
  {
    registry,
    catalogue,
    cache,
  }: { readonly registry: ModelRegistry; readonly catalogue: Catalogue; readonly cache: Cache },
): Agent {
  const resolved = registry.resolve(member.provider, member.model);
  // A version of a member never changes, so nothing has to be forgotten.
  const prompt = cache.make('prompt', cacheKey(member.id, member.version), [], () => systemPrompt(member, catalogue));
  return { ...resolved, systemPrompt: prompt, temperature: member.temperature, uses: new AgentUses() };
}

function systemPrompt(member: Member, catalogue: Catalogue): string {
  const role = catalogue.role(member.role);
  const specialization = findSpecialization(role, member.specialization);
  const head = [
    `Role: ${role.name}`,
    ...(specialization === null ? [] : [`Specialization: ${specialization.name}`]),
    `Name: ${member.name}`,
  ];
  return [
    head.join('\n'),
    role.prompt,
    ...(specialization === null ? [] : [specialization.prompt]),
    ...(member.instructions === null ? [] : [`## Instructions of this squad\n\n${member.instructions}`]),
  ].join('\n\n');
}

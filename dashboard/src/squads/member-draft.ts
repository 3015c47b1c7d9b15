import type { MemberDocument, MemberUpdate, NewMember } from '../../../src/client.ts';
import { changedFields } from './draft.ts';
import type { Draft } from './draft.ts';

/** The fields of a member in the order in which they are asked for. */
export const memberFields = {
  role: 'Role',
  specialization: 'Specialization',
  name: 'Name',
  provider: 'Provider',
  model: 'Model',
  temperature: 'Temperature',
  instructions: 'Instructions',
  tools: 'Tools',
} as const;

export const emptyMember: Draft = {
  role: '',
  specialization: '',
  name: '',
  provider: '',
  model: '',
  temperature: '0.7',
  instructions: '',
  tools: '',
};

/** A member as text: what is not said is empty, and each tool has a line. */
export function draftOfMember(member: MemberDocument): Draft {
  return {
    role: member.role,
    specialization: member.specialization ?? '',
    name: member.name,
    provider: member.provider ?? '',
    model: member.model ?? '',
    temperature: String(member.temperature),
    instructions: member.instructions ?? '',
    tools: member.tools.join('\n'),
  };
}

/** What changes of a member: only fields that differ, and null for those that were emptied and have a default. */
export function memberUpdateOf(read: Draft, draft: Draft): MemberUpdate {
  const update: Record<string, unknown> = {};
  for (const field of changedFields(read, draft)) update[field] = valueOf(field, draft[field] ?? '');
  return update;
}

/** A new member: what nobody typed is left to the server. */
export function newMemberOf(draft: Draft): NewMember {
  const typed = changedFields(emptyMember, draft).filter((field) => (draft[field] ?? '').trim() !== '');
  const given = Object.fromEntries(typed.map((field) => [field, valueOf(field, draft[field] ?? '')]));
  return { ...given, role: (draft['role'] ?? '').trim() };
}

const withDefault = new Set(['specialization', 'provider', 'model', 'instructions']);

function valueOf(field: string, text: string): string | number | readonly string[] | null {
  if (field === 'temperature') return Number(text);
  if (field === 'tools') return linesOf(text);
  return text.trim() === '' && withDefault.has(field) ? null : text.trim();
}

function linesOf(text: string): readonly string[] {
  return text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

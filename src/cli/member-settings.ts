import { SquadraError } from '../kernel/errors.ts';
import type { MemberOverrides } from '../squads/override-members.ts';

const fields = ['provider', 'model', 'temperature', 'instructions'] as const;
type Field = (typeof fields)[number];

/** Reads `tester.model=gpt-5`: whose setting (a name or a role), which, and its value; an empty one is the installation's default. */
export function readMemberSettings(texts: readonly string[]): MemberOverrides {
  const overrides: Record<string, Record<string, string | number | null>> = {};
  for (const text of texts) {
    const { member, field, value } = readOne(text);
    overrides[member] = { ...overrides[member], [field]: valueOf(text, field, value) };
  }
  return overrides;
}

function readOne(text: string): { readonly member: string; readonly field: Field; readonly value: string } {
  const equals = text.indexOf('=');
  const dot = text.lastIndexOf('.', equals);
  const field = fields.find((name) => name === text.slice(dot + 1, equals).trim());
  const member = text.slice(0, Math.max(0, dot)).trim();
  if (equals > 0 && dot > 0 && field !== undefined && member !== '')
    return { member, field, value: text.slice(equals + 1) };
  throw new SquadraError(
    'INVALID_INPUT',
    `'${text}' sets nothing: write <name or role>.<${fields.join('|')}>=<value>, as tester.model=gpt-5.`,
  );
}

function valueOf(text: string, field: Field, value: string): string | number | null {
  if (field !== 'temperature') return value === '' ? null : value;
  const temperature = Number(value);
  if (value.trim() !== '' && !Number.isNaN(temperature)) return temperature;
  throw new SquadraError('INVALID_INPUT', `'${text}' is no temperature: write a number from 0 to 2.`);
}

import { readFileSync, readdirSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { type ErrorCode, SquadraError } from '../kernel/errors.ts';
import { findSpecialization, type Role, type Specialization } from './role.ts';
import { memberInput } from './squad-input.ts';
import type { MemberInput } from './squad.ts';

/** A ready-made list of members. */
export interface Template {
  readonly name: string;
  readonly description: string;
  readonly members: readonly MemberInput[];
}

/** The roles and templates of this installation. Names are looked up in what was read at construction; they never become paths. */
export interface Catalogue {
  readonly roles: readonly Role[];
  readonly templates: readonly Template[];
  /** Throws `UNKNOWN_ROLE`, listing the known ones. */
  role(name: string): Role;
  /** Throws `UNKNOWN_TEMPLATE`, listing the known ones. */
  template(name: string): Template;
}

const promptFile = /^(?<role>[a-z][a-z0-9_]*)(?:\.(?<specialization>[a-z][a-z0-9_]*))?\.md$/;
const templateFile = /^(?<name>[a-z][a-z0-9_-]*)\.yaml$/;
const templateContent = z.strictObject({
  description: z.string().min(1),
  /** Of every member that names none itself. */
  tools: memberInput.shape.tools,
  members: z.array(memberInput).min(1),
});

/**
 * Reads `prompts/<role>.md`, `prompts/<role>.<specialization>.md` and `templates/<name>.yaml` below a folder, once. Throws when a
 * template names a role or a specialization that is not there, so that one that can be used can be used whole.
 */
export function readCatalogue(folder: URL = new URL('./', import.meta.url)): Catalogue {
  const roles = readRoles(new URL('prompts/', folder));
  const templates = readTemplates(new URL('templates/', folder));
  const findRole = (name: string): Role => pick(roles, name, 'UNKNOWN_ROLE', 'role');
  for (const { role, specialization } of templates.flatMap(({ members }) => members))
    findSpecialization(findRole(role), specialization ?? null);
  return {
    roles,
    templates,
    role: findRole,
    template: (name) => pick(templates, name, 'UNKNOWN_TEMPLATE', 'template'),
  };
}

function readRoles(folder: URL): readonly Role[] {
  const prompts = readdirSync(folder)
    .toSorted()
    .flatMap((file) => {
      const names = promptFile.exec(file)?.groups;
      if (names?.role === undefined) return [];
      return {
        role: names.role,
        specialization: names.specialization,
        prompt: readFileSync(new URL(file, folder), 'utf8').trim(),
      };
    });
  return prompts
    .filter((entry) => entry.specialization === undefined)
    .map(({ role, prompt }) => ({
      name: role,
      title: readable(role),
      prompt,
      specializations: prompts.flatMap((entry): Specialization[] =>
        entry.role === role && entry.specialization !== undefined
          ? [{ name: entry.specialization, prompt: entry.prompt }]
          : [],
      ),
    }));
}

function readTemplates(folder: URL): readonly Template[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((file) => {
      const name = templateFile.exec(file)?.groups?.name;
      if (name === undefined) return [];
      const content: unknown = parse(readFileSync(new URL(file, folder), 'utf8'));
      const { description, tools = [], members } = templateContent.parse(content);
      return { name, description, members: members.map((member) => ({ tools, ...member })) };
    });
}

/** Written as people write them; names of roles have lower-case letters only. */
const spellings = { 'ai ml': 'AI/ML', ai: 'AI', ml: 'ML', devops: 'DevOps' };

function readable(name: string): string {
  let words = name.replaceAll('_', ' ');
  for (const [plain, proper] of Object.entries(spellings)) words = words.replace(new RegExp(`\\b${plain}\\b`), proper);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function pick<T extends { readonly name: string }>(
  entries: readonly T[],
  name: string,
  code: ErrorCode,
  noun: string,
): T {
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const known = entries.map((entry) => entry.name);
  throw new SquadraError(code, `There is no ${noun} ${JSON.stringify(name)}. Known are: ${known.join(', ')}.`, {
    details: { [noun]: name, known },
  });
}

import { SquadraError } from '../kernel/errors.ts';

/** A specialization of a role: what is added to the role's prompt. */
export interface Specialization {
  readonly name: string;
  readonly prompt: string;
}

/** An entry of the catalogue: what a member of this role does, and how. */
export interface Role {
  /** The name used in configurations, such as `backend_developer`. */
  readonly name: string;
  /** The name made readable, such as `Backend developer`. */
  readonly title: string;
  readonly prompt: string;
  readonly specializations: readonly Specialization[];
}

/** The specialization of that name; null stays null. Throws `UNKNOWN_SPECIALIZATION`, listing the known ones. */
export function findSpecialization(role: Role, name: string | null): Specialization | null {
  if (name === null) return null;
  const found = role.specializations.find((specialization) => specialization.name === name);
  if (found !== undefined) return found;
  const known = role.specializations.map((specialization) => specialization.name);
  const list = known.length === 0 ? 'It has none' : `Known are: ${known.join(', ')}`;
  throw new SquadraError(
    'UNKNOWN_SPECIALIZATION',
    `The role ${role.name} has no specialization ${JSON.stringify(name)}. ${list}.`,
    {
      details: { role: role.name, specialization: name, known },
    },
  );
}

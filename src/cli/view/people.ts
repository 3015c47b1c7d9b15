import type { Squad } from '../../squads/squad.ts';
import { safeLine } from './safe-text.ts';

/** Who is who in an execution: names for the ids of members. */
export class People {
  readonly #members: Squad['members'];

  constructor(squad: Squad | null) {
    this.#members = squad?.members ?? [];
  }

  /** The member's name, or what else the step is called. */
  nameOf(memberId: string | null, step: string): string {
    // A step begins before it is known who was asked; most steps are named after the role.
    const member = this.#members.find(({ id, role }) => (memberId === null ? role === step : id === memberId));
    return safeLine(member?.name ?? step);
  }
}

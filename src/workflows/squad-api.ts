import type { Member } from '../squads/squad.ts';
import type { ConvoyItemInput, ConvoyOptions, ConvoyResult } from '../work/convoy-request.ts';
import type { Answer, AskOptions } from './asker.ts';

/** `squad` in a workflow. */
export interface SquadApi {
  /**
   * Asks the first member of a role. The name of the step is the role unless `name` says otherwise; the same name twice
   * is `DUPLICATE_STEP`. Throws `UNKNOWN_ROLE` when no member has the role.
   */
  ask(role: string, message: string, options?: AskOptions): Promise<Answer>;
  /** Asks one member by id, where several have the same role; the name of the step is the role unless `name` says otherwise. */
  askMember(memberId: string, message: string, options?: AskOptions): Promise<Answer>;
  /**
   * Has a graph of tasks worked off by the members, each as an execution of its own, and waits until all have ended. It does not
   * throw when items fail: the result says what became of each.
   */
  convoy(name: string, items: readonly ConvoyItemInput[], options?: ConvoyOptions): Promise<ConvoyResult>;
  readonly members: readonly Member[];
}

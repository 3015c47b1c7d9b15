import type { Squad } from '../squads/squad.ts';
import type { MessageRecord, StepRecord } from './journal.ts';
import type { WorkItem } from './work-item.ts';

/** A work item of an ask that a fork takes over, whole or as far as the fork goes. */
export type InheritedItem = Pick<
  WorkItem,
  'id' | 'title' | 'description' | 'priority' | 'memberId' | 'stepKey' | 'artifacts' | 'context' | 'metadata'
> & { readonly status: 'in_progress' | 'completed' };

/** What a fork takes over from the execution it comes from. Its records count no usage: nothing is paid twice. */
export interface Inheritance {
  readonly records: readonly (StepRecord | MessageRecord)[];
  readonly items: readonly InheritedItem[];
  /** The squad as only this fork has it. */
  readonly snapshot: SquadSnapshot | null;
}

/** A squad beside its versions: stored under one of its own, below zero, which the members named here get as theirs too. */
export interface SquadSnapshot {
  readonly squad: Squad;
  readonly changedMembers: readonly string[];
}

import type { SquadStore } from '../../squads/squad-store.ts';
import type { ApprovalStore } from '../../work/approval-store.ts';
import type { BudgetStore } from '../../work/budget-store.ts';
import type { ConvoyStore } from '../../work/convoy-store.ts';
import type { Commit, ExecutionStore } from '../../work/execution-store.ts';
import type { ScheduleStore } from '../../work/schedule-store.ts';
import { topicSet } from './pulse-topic.ts';
import type { TopicSet } from './pulse-topic.ts';
import type { Pulses } from './pulses.ts';

/** Where changes are noted. */
type ChangeNotes = Pick<Pulses, 'changed' | 'changedForAll'>;

/** The stores whose changes pages show. */
export interface WatchedStores {
  readonly executions: ExecutionStore;
  readonly approvals: ApprovalStore;
  readonly squads: SquadStore;
  readonly budgets: BudgetStore;
  readonly schedules: ScheduleStore;
  readonly convoys: ConvoyStore;
}

const squadChanges = topicSet('squads');
const budgetChanges = topicSet('budgets');
const scheduleChanges = topicSet('schedules', 'metrics');
const convoyChanges = topicSet('convoys', 'metrics');
const answers = topicSet('approvals');
/** Of executions by status, of steps. */
const counts = topicSet('metrics');
const callEnds = topicSet('metrics', 'costs', 'budgets');
const acceptances = topicSet('executions', 'metrics');
/** What an end may close: questions, calls in flight. */
const closings = topicSet('metrics', 'approvals', 'costs', 'budgets');
const deletions = topicSet('executions', 'approvals', 'costs');

/** What a run's commit changes, beside the execution itself; null: its claim. `hasAsked`: its end may take back questions. */
export function topicsOfCommit(commit: Commit | null, hasAsked: boolean): TopicSet {
  if (commit === null) return counts;
  let topics: TopicSet = commit.reserves === undefined ? 0 : budgetChanges;
  if (commit.closesItems === true) topics |= callEnds;
  for (const record of commit.records) {
    if (record.kind === 'status') topics |= hasAsked ? counts | answers : counts;
    else if (record.kind === 'step' && record.type === 'approval') topics |= answers;
    if (record.kind !== 'step' || (record.phase !== 'completed' && record.phase !== 'failed')) continue;
    topics |= record.type === 'model' ? callEnds : counts;
  }
  return topics;
}

/** The same stores; what changes in them is noted when it has been committed. Commits of runs are told of by `onCommit`. */
export function watchStores<S extends WatchedStores>(stores: S, pulses: ChangeNotes): S {
  const after = async <T>(tenant: string, topics: TopicSet, change: Promise<T>): Promise<T> => {
    const result = await change;
    pulses.changed(tenant, topics);
    return result;
  };
  return {
    ...stores,
    executions: watchedExecutions(stores.executions, pulses, after),
    approvals: watchedApprovals(stores.approvals, after),
    squads: watchedSquads(stores.squads, after),
    budgets: watchedBudgets(stores.budgets, after),
    schedules: watchedSchedules(stores.schedules, after),
    convoys: watchedConvoys(stores.convoys, pulses, after),
  };
}

/** Notes the topics when the change has been made, and gives back what it gave. */
type After = <T>(tenant: string, topics: TopicSet, change: Promise<T>) => Promise<T>;

function watchedExecutions(store: ExecutionStore, pulses: ChangeNotes, after: After): ExecutionStore {
  return {
    submit: (tenant, execution) => after(tenant, acceptances, store.submit(tenant, execution)),
    fork: (tenant, execution, inheritance) => after(tenant, acceptances, store.fork(tenant, execution, inheritance)),
    start: (tenant, id, commandId) => after(tenant, counts, store.start(tenant, id, commandId)),
    claim: (...claim) => store.claim(...claim),
    cancel: (tenant, id, reason) => after(tenant, closings, store.cancel(tenant, id, reason)),
    retry: (tenant, id, commandId) => after(tenant, counts, store.retry(tenant, id, commandId)),
    signal: (tenant, id, signal) => store.signal(tenant, id, signal),
    prune: async (endedBefore, atMost, release) => {
      const pruned = await store.prune(endedBefore, atMost, release);
      if (pruned > 0) pulses.changedForAll(deletions);
      return pruned;
    },
  };
}

function watchedApprovals(store: ApprovalStore, after: After): ApprovalStore {
  return {
    get: (tenant, id) => store.get(tenant, id),
    list: (tenant, filter) => store.list(tenant, filter),
    answer: (tenant, id, answer, commandId) => after(tenant, answers, store.answer(tenant, id, answer, commandId)),
  };
}

function watchedSquads(store: SquadStore, after: After): SquadStore {
  return {
    create: (tenant, squad) => after(tenant, squadChanges, store.create(tenant, squad)),
    replace: (tenant, squad) => after(tenant, squadChanges, store.replace(tenant, squad)),
    remove: (tenant, id, version) => after(tenant, squadChanges, store.remove(tenant, id, version)),
    find: (tenant, idOrName) => store.find(tenant, idOrName),
    atVersion: (tenant, id, version) => store.atVersion(tenant, id, version),
    list: (tenant, page) => store.list(tenant, page),
  };
}

function watchedBudgets(store: BudgetStore, after: After): BudgetStore {
  return {
    set: (tenant, key, limits) => after(tenant, budgetChanges, store.set(tenant, key, limits)),
    remove: (tenant, key) => after(tenant, budgetChanges, store.remove(tenant, key)),
    get: (tenant, key) => store.get(tenant, key),
    list: (tenant, filter) => store.list(tenant, filter),
  };
}

function watchedSchedules(store: ScheduleStore, after: After): ScheduleStore {
  const changing = <T>(tenant: string, change: Promise<T>): Promise<T> => after(tenant, scheduleChanges, change);
  return {
    get: (tenant, id) => store.get(tenant, id),
    named: (tenant, name) => store.named(tenant, name),
    list: (tenant, filter) => store.list(tenant, filter),
    active: (from, limit) => store.active(from, limit),
    create: (tenant, schedule, most) => changing(tenant, store.create(tenant, schedule, most)),
    setStatus: (tenant, id, change) => changing(tenant, store.setStatus(tenant, id, change)),
    remove: (tenant, id, version) => changing(tenant, store.remove(tenant, id, version)),
    turn: (tenant, id, turn, maxWaiting) => changing(tenant, store.turn(tenant, id, turn, maxWaiting)),
    beginNext: (tenant, id) => changing(tenant, store.beginNext(tenant, id)),
  };
}

function watchedConvoys(store: ConvoyStore, pulses: ChangeNotes, after: After): ConvoyStore {
  const changing = <T>(tenant: string, change: Promise<T>): Promise<T> => after(tenant, convoyChanges, change);
  return {
    get: (tenant, id) => store.get(tenant, id),
    list: (tenant, filter) => store.list(tenant, filter),
    items: (tenant, id) => store.items(tenant, id),
    usage: (tenant, id) => store.usage(tenant, id),
    results: (tenant, id) => store.results(tenant, id),
    open: () => store.open(),
    create: (tenant, made) => changing(tenant, store.create(tenant, made)),
    start: (tenant, convoyId, itemId, start) => changing(tenant, store.start(tenant, convoyId, itemId, start)),
    stop: (tenant, id, status, reason) => changing(tenant, store.stop(tenant, id, status, reason)),
    retry: (tenant, id, commandId) => changing(tenant, store.retry(tenant, id, commandId)),
    prune: async (endedBefore, atMost) => {
      const pruned = await store.prune(endedBefore, atMost);
      if (pruned > 0) pulses.changedForAll(convoyChanges);
      return pruned;
    },
  };
}

import { dataOf } from '../state.ts';
import type { ExecutionState } from '../state.ts';
import type { Check } from '../evidence.ts';
import type { FleetEvidence } from './evidence.ts';

/** What only several processes can get wrong. */
export function fleetChecks(evidence: FleetEvidence): Check[] {
  return [
    ...ownerChecks(evidence),
    ...budgetChecks(evidence),
    {
      name: 'rows of the outbox left',
      found: evidence.state.outbox.map(({ no, execution_id: id }) => `${no} of execution ${id}`),
    },
    {
      name: 'events told that are not those stored',
      found: evidence.follows.flatMap((line) => wrongTale(line, evidence)),
    },
    {
      name: 'processes that ended by themselves',
      found: evidence.faults.filter(({ event }) => event === 'died').map(({ what }) => what),
    },
    {
      name: 'processes that could not be stopped in good order',
      found: evidence.faults.filter(({ event }) => event === 'not stopped').map(({ what }) => what),
    },
    {
      name: 'things that did not come to rest',
      found: evidence.faults.filter(({ event }) => event === 'not settled').map(({ what }) => what),
    },
  ];
}

/**
 * One owner, fenced. The journal's claims (`running`) number the epochs; what stands behind the nth was written under the nth, or
 * somebody wrote who was the owner no more.
 */
function ownerChecks({ state, commits }: FleetEvidence): Check[] {
  const two: string[] = [];
  const owners = new Map<string, string>();
  const announced = new Map<string, Set<number>>();
  const late: string[] = [];
  const missing: string[] = [];
  for (const line of commits) {
    const { id, epoch, process } = line;
    const claim = `${id} epoch ${epoch}`;
    if (line.event === 'claimed') {
      const before = owners.get(claim);
      if (before !== undefined && before !== process) two.push(`${claim}: ${before} and ${process}`);
      owners.set(claim, process);
    } else if (line.event === 'announced')
      for (const name of line.records) {
        const key = `${id} ${name}`;
        announced.set(key, (announced.get(key) ?? new Set()).add(epoch));
      }
  }
  const places = new Map<string, Map<string, number>>();
  for (const execution of state.executions.values()) {
    const epochs = epochsOf(execution);
    places.set(execution.row.id, epochs);
    for (const [name, epoch] of epochs) {
      const said = announced.get(`${execution.row.id} ${name}`);
      if (said !== undefined && !said.has(epoch))
        late.push(
          `${execution.row.id}: ${name} is written under epoch ${epoch}; announced under ${[...said].join(', ')}`,
        );
    }
  }
  for (const line of commits) {
    if (line.event !== 'stored') continue;
    for (const name of line.records) {
      const epoch = places.get(line.id)?.get(name);
      if (epoch !== line.epoch) missing.push(`${line.id}: ${name} of epoch ${line.epoch} is under ${epoch ?? 'none'}`);
    }
  }
  return [
    { name: 'epochs with two owners', found: two },
    { name: 'records written under an epoch after a higher one', found: late },
    { name: 'commits acknowledged that are not stored', found: missing },
  ];
}

/** Under which claim each step record was written; numbered from 1. */
function epochsOf({ journal }: ExecutionState): Map<string, number> {
  const found = new Map<string, number>();
  let epoch = 0;
  for (const { kind, type, key, phase, attempt } of journal) {
    if (kind === 'status' && type === 'running') epoch++;
    if (kind === 'step') found.set(`${key} ${phase} ${attempt}`, epoch);
  }
  return found;
}

/** Nothing is reserved for calls that are over, and what was spent is what the calls say. */
function budgetChecks({ state }: FleetEvidence): Check[] {
  const usages = [...state.executions.values()].flatMap(({ journal }) =>
    journal.filter(({ kind, type }) => kind === 'step' && type === 'model').map((record) => dataOf(record).usage ?? {}),
  );
  const sum = (...names: readonly string[]): number =>
    usages.reduce((total, usage) => total + names.reduce((each, name) => each + (usage[name] ?? 0), 0), 0);
  const tokens = sum('inputTokens', 'outputTokens');
  const money = sum('costMicroUsd');
  return [
    {
      name: 'reservations left',
      found: [
        ...state.holds.map(({ execution, key, attempt }) => `execution ${execution}: ${key} attempt ${attempt}`),
        ...state.periods.flatMap(({ name, reserved_tokens: left, reserved_micro_usd: usd }) =>
          left === 0 && usd === 0 ? [] : [`${name}: ${left} tokens, ${usd} micro-dollars`],
        ),
      ],
    },
    {
      name: 'budgets that the calls contradict',
      found: state.periods.flatMap(({ name, spent_tokens: spent, spent_micro_usd: usd }) =>
        spent === tokens && usd === money
          ? []
          : [`${name}: ${spent} tokens and ${usd} micro-dollars; the calls say ${tokens} and ${money}`],
      ),
    },
  ];
}

/** Who followed an execution heard each of its records once, in order. */
function wrongTale({ id, told }: FleetEvidence['follows'][number], { state }: FleetEvidence): string[] {
  const stored = (state.executions.get(id)?.journal ?? []).map(({ seq, kind, type, key, phase }) => {
    const what = kind === 'status' ? type : kind === 'step' ? `${key} ${phase}` : '';
    return `${seq} ${kind} ${what}`;
  });
  const at = stored.findIndex((line, place) => line !== told[place]);
  if (at === -1 && told.length === stored.length) return [];
  const place = at === -1 ? stored.length : at;
  return [`${id}: told ${told[place] ?? 'nothing'} where ${stored[place] ?? 'nothing'} is stored`];
}

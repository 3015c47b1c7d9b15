import type { Check, Evidence } from '../evidence.ts';
import type { ExecutionState } from '../state.ts';

/** Finished is final: a result is committed before the workflow gets it, and its step never runs again. */
export function stepChecks({ state, effects }: Evidence): Check[] {
  const committed = new Map<string, { readonly at: number; readonly result: string | null }>();
  for (const { row, journal } of state.executions.values()) {
    for (const { kind, key, phase, type, at, text } of journal) {
      if (kind === 'step' && phase === 'completed')
        committed.set(`${row.id}/${key}`, { at, result: type === 'run' ? text : null });
    }
  }
  const again: string[] = [];
  const changed: string[] = [];
  const delivered = new Set<string>();
  for (const line of effects) {
    if (!('id' in line)) continue;
    const step = `${line.id}/${line.step}`;
    const commit = committed.get(step);
    if (line.event === 'delivered') {
      delivered.add(step);
      if (commit === undefined) changed.push(`${step}: ${line.result} was delivered and is not committed`);
      else if (commit.result !== null && commit.result !== JSON.stringify(line.result)) {
        changed.push(`${step}: ${line.result} was delivered, ${commit.result} is committed`);
      }
    } else if (line.event === 'begun') {
      if (delivered.has(step)) again.push(`${step}: attempt ${line.attempt} after its result was delivered`);
      else if (commit !== undefined && line.at > commit.at)
        again.push(`${step}: attempt ${line.attempt} after its commit`);
    }
  }
  return [
    { name: 'committed steps run again', found: again },
    { name: 'results delivered that are not those committed', found: changed },
    { name: 'races decided twice', found: [...state.executions.values()].flatMap(doubleWinners) },
  ];
}

/** Every race of the mix is followed by a step that is named after its winner, in a scope named after the race. */
function doubleWinners({ row, journal }: ExecutionState): string[] {
  const winners = new Map<string, Set<string>>();
  for (const { kind, key } of journal) {
    const [, race, winner] = (kind === 'step' ? key : null)?.match(/^(.*)\/won-(.*)$/) ?? [];
    if (race !== undefined && winner !== undefined) winners.set(race, (winners.get(race) ?? new Set()).add(winner));
  }
  return [...winners]
    .filter(([, names]) => names.size > 1)
    .map(([race, names]) => `${row.id}: ${race} was won by ${[...names].join(' and ')}`);
}

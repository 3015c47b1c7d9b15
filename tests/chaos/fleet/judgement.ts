import { acceptanceChecks } from '../checks/acceptance.ts';
import { callChecks } from '../checks/calls.ts';
import { journalChecks } from '../checks/journals.ts';
import { ledgerChecks } from '../checks/ledgers.ts';
import { stepChecks } from '../checks/steps.ts';
import { only } from '../evidence.ts';
import type { Check, Evidence, Figure } from '../evidence.ts';
import type { EffectLine, Stamped } from '../logs.ts';
import type { Judgement } from '../judgement.ts';
import { fleetChecks } from './checks.ts';
import type { FleetEvidence } from './evidence.ts';

/** Without these nothing was put to the test. */
const needed: readonly string[] = [
  'executions accepted',
  'completed',
  'steps committed',
  'model calls received',
  'executions followed',
];
const wantedPerSecond = 50;
const groundless = 'resumed although nothing crashed';
/** Restate looks after broken connections within this time. */
const aftermathMs = 5_000;
/** To a node that has come back it gives partitions to lead, and who led them drops what they had in hand: not at once, and one by one. */
const aftermathOfNodesMs = 30_000;

/** Holds what a run of a fleet left behind against the contract: what holds for one process, and what only several can break. */
export function judgeFleet(evidence: FleetEvidence): Judgement {
  const { faults } = evidence;
  // Whatever is broken may be why somebody's work went on elsewhere.
  const whole = { ...evidence, lives: unrest(faults) };
  const calls = callChecks({ ...whole, effects: [...evidence.effects, ...leftCalls(evidence)] });
  const { figures: speed, checks: slow } = speedOf(evidence);
  const journals = journalChecks(whole);
  const moved = journals.filter(({ name }) => name === groundless);
  const figures = [
    ...countAll(evidence),
    ...speed,
    ...calls.figures,
    // On a busy machine Restate's nodes take each other for lost, and what they led begins elsewhere: that is allowed, if not wanted.
    ...moved.map(({ name, found }) => ({ name, count: found.length })),
  ];
  const idle = figures.filter(({ name, count }) => needed.includes(name) && count === 0).map(({ name }) => name);
  const checks = [
    { name: 'things that have to happen and did not', found: idle },
    ...slow,
    ...acceptanceChecks(whole),
    ...stepChecks(whole),
    ...calls.checks,
    ...journals.filter((check) => !moved.includes(check)),
    ...ledgerChecks(whole).filter(({ name }) => !name.startsWith('metrics')),
    ...fleetChecks(evidence),
  ];
  return { figures, checks, passed: checks.every(({ found }) => found.length === 0) };
}

/** From the beginning of each fault until the fleet has had time to notice that it is over: as moments at which something was broken. */
function unrest(faults: FleetEvidence['faults']): Evidence['lives'] {
  const moments = new Set<number>();
  for (const { at: from, event, what } of faults) {
    if (event !== 'fault') continue;
    const until = faults.find((line) => line.event === 'healed' && line.what === what && line.at >= from)?.at ?? from;
    const aftermath = what.startsWith('restate ') ? aftermathOfNodesMs : aftermathMs;
    for (let at = from; at <= until + aftermath; at++) moments.add(at);
  }
  return [...moments].map((at) => ({ at, event: 'killed', life: 0 }));
}

/** A call is in flight until the run that let it leave hears that its end is stored, whatever becomes of its process. */
function leftCalls({ commits }: FleetEvidence): Stamped<EffectLine>[] {
  const open = new Map<string, Stamped<EffectLine>>();
  for (const { at, event, id, epoch, process, ...line } of commits) {
    if (!('records' in line)) continue;
    for (const record of line.records) {
      const [, step = '', phase, attempt] = /^(.*) (\w+) (\d+)$/.exec(record) ?? [];
      const name = `${process} ${id} ${epoch} ${step} ${attempt}`;
      if (event === 'announced' && phase === 'intent')
        open.set(name, { at, event: 'leaving', id, step, attempt: Number(attempt) });
      else if (event === 'stored' && (phase === 'completed' || phase === 'failed')) open.delete(name);
    }
  }
  return [...open.values(), { at: Number.POSITIVE_INFINITY, event: 'life', life: 1 }];
}

/** How much went through while things broke, against what Restate alone does. */
function speedOf({ acks, faults, bare, state }: FleetEvidence): {
  readonly figures: Figure[];
  readonly checks: Check[];
} {
  const from = faults.find(({ event }) => event === 'load begins')?.at ?? 0;
  const until = faults.find(({ event }) => event === 'load ends')?.at ?? 0;
  const seconds = Math.max(1, until - from) / 1_000;
  const accepted = new Set(
    only(acks, 'accepted')
      .filter(({ at }) => at <= until)
      .map(({ id }) => id),
  ).size;
  const ended = [...state.executions.values()].filter(({ row }) => (row.ended_at ?? Infinity) <= until).length;
  const alone = bare?.perSecond ?? 0;
  const wanted = Math.min(wantedPerSecond, alone / 2);
  const perSecond = accepted / seconds;
  return {
    figures: [
      { name: 'seconds of load', count: Math.round(seconds) },
      { name: 'bare Restate, executions per second', count: Math.round(alone) },
      { name: 'wanted, executions per second', count: Math.round(wanted) },
      { name: 'accepted per second', count: Math.round(perSecond) },
      { name: 'ended per second, while things broke', count: Math.round(ended / seconds) },
    ],
    checks: [
      {
        name: 'slower than it has to be',
        found: perSecond >= wanted ? [] : [`${perSecond.toFixed(1)} a second, and ${wanted.toFixed(1)} are wanted`],
      },
    ],
  };
}

function countAll({ state, acks, faults, effects, commits, follows }: FleetEvidence): Figure[] {
  const rows = [...state.executions.values()].map(({ row }) => row);
  const ended = (status: string): number => rows.filter((row) => row.status === status).length;
  const records = [...state.executions.values()].flatMap(({ journal }) => journal);
  const broken = faults.filter(({ event }) => event === 'fault');
  const kindOf = (what: string): string => what.replace(/(?:api|worker|node)-\d+/g, (name) => name.replace(/-\d+/, ''));
  return [
    { name: 'faults', count: broken.length },
    ...[...Map.groupBy(broken, ({ what }) => kindOf(what))].map(([kind, of]) => ({
      name: `  ${kind}`,
      count: of.length,
    })),
    { name: 'processes that began to work', count: faults.filter(({ event }) => event === 'working').length },
    { name: 'starts that failed', count: faults.filter(({ event }) => event === 'start failed').length },
    { name: 'executions accepted', count: new Set(only(acks, 'accepted').map(({ id }) => id)).size },
    { name: 'completed', count: ended('completed') },
    { name: 'failed', count: ended('failed') },
    { name: 'cancelled', count: ended('cancelled') },
    {
      name: 'signals and cancels accepted',
      count: acks.filter(({ event }) => event === 'signalled' || event === 'cancelled').length,
    },
    { name: 'executions followed', count: follows.length },
    { name: 'claims', count: commits.filter(({ event }) => event === 'claimed').length },
    {
      name: 'resumed in the middle',
      count: records.filter(({ data }) => data?.includes('"reason":"resumed"') === true).length,
    },
    {
      name: 'steps committed',
      count: records.filter(({ kind, phase }) => kind === 'step' && phase === 'completed').length,
    },
    { name: 'step bodies begun', count: only(effects, 'begun').length },
  ];
}

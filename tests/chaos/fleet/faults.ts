import { setTimeout as pause } from 'node:timers/promises';
import type { ProxyMode } from '../../support/faulty-proxy.ts';
import { between, oneOf } from '../random.ts';
import type { ChaosFleet, Member } from './servers.ts';

/** Something that breaks; resolves with what mends it. Null where what it would break is broken already. */
export interface Fault {
  readonly name: string;
  /** How long it stays broken: at least and at most. */
  readonly forMs: readonly [number, number];
  readonly begin: () => Promise<(() => Promise<void>) | null>;
}

type Random = () => number;

/** A kind of fault; each time it is asked for it says what it is to hit. */
type FaultKind = (fleet: ChaosFleet, random: Random) => Fault;

const broken = ['cut', 'freeze', 'delay'] as const satisfies Exclude<ProxyMode, 'pass'>[];

const kinds: readonly FaultKind[] = [
  ({ workers }, random) => killed(of(workers, random)),
  ({ fleet }) => ({
    name: 'pgbouncer SIGKILL',
    forMs: [200, 2_000],
    begin: async () => {
      await fleet.pooler?.end('SIGKILL');
      return async () => fleet.pooler?.resume();
    },
  }),
  ({ fleet }, random) => {
    const node = of(fleet.restate.nodes, random);
    return {
      name: `restate ${node.name} SIGKILL`,
      forMs: [1_000, 4_000],
      begin: async () => {
        await node.end('SIGKILL');
        return () => node.resume();
      },
    };
  },
  ({ fleet }) => ({
    name: 'nats SIGKILL',
    forMs: [500, 4_000],
    begin: async () => {
      await fleet.nats?.end('SIGKILL');
      return async () => fleet.nats?.resume();
    },
  }),
  ({ fleet }) => ({
    name: 'redis SIGKILL',
    forMs: [500, 4_000],
    begin: async () => {
      await fleet.redis?.end('SIGKILL');
      return async () => fleet.redis?.resume();
    },
  }),
  ({ workers }, random) => zombie(of(workers, random)),
  ({ fleet }, random) => {
    const signal = oneOf(random, ['SIGKILL', 'SIGINT'] as const);
    return {
      name: `postgres ${signal}`,
      forMs: [200, 2_000],
      begin: async () => {
        await fleet.postgres.end(signal);
        return () => fleet.postgres.resume();
      },
    };
  },
  ({ apis }, random) => killed(of(apis, random)),
  ({ apis, workers }, random) => {
    const member = of([...apis, ...workers], random);
    const mode = oneOf(random, broken);
    return linked(`${member.process.name} to its database: ${mode}`, [member.toDatabase], mode);
  },
  ({ apis, workers }, random) => {
    const member = of([...apis, ...workers], random);
    const mode = oneOf(random, broken);
    const links = random() < 0.5 ? member.toRestate : [of(member.toRestate, random)];
    return linked(`${member.process.name} to ${links.length} of Restate: ${mode}`, links, mode);
  },
  // Restate believes it gone and gives its work to others, while it goes on: an owner that does not know it is none.
  ({ workers }, random) => {
    const { process, inward } = of(workers, random);
    const mode = oneOf(random, ['cut', 'cut', 'freeze', 'delay'] as const);
    return linked(`Restate to ${process.name}: ${mode}`, [inward], mode);
  },
  ({ apis }, random) => {
    const { process, inward } = of(apis, random);
    return linked(`people to ${process.name}: cut`, [inward], 'cut');
  },
];

/** Faults without end: every kind once in an order of its own, then again. */
export function* faultsFor(fleet: ChaosFleet, random: Random): Generator<Fault, never, void> {
  for (;;) {
    const deck = [...kinds];
    while (deck.length > 0) {
      const [kind] = deck.splice(between(random, 0, deck.length - 1), 1);
      if (kind !== undefined) yield kind(fleet, random);
    }
  }
}

function of<T>(values: readonly T[], random: Random): T {
  const [first, ...others] = values;
  if (first === undefined) throw new Error('There is nothing to break.');
  return oneOf(random, [first, ...others]);
}

function killed({ process }: Member): Fault {
  return {
    name: `${process.name} SIGKILL`,
    forMs: [200, 2_000],
    begin: async () => {
      if (!process.isRunning) return null;
      await process.kill();
      return () => process.start();
    },
  };
}

/** Stopped for longer than its time-outs; then cut off, so that others take its work; then it goes on. */
function zombie({ process, inward }: Member): Fault {
  return {
    name: `${process.name} SIGSTOP`,
    forMs: [3_000, 6_000],
    begin: async () => {
      if (!process.isRunning || inward.mode !== 'pass') return null;
      process.signal('SIGSTOP');
      await pause(200);
      inward.set('cut');
      return async () => {
        process.signal('SIGCONT');
        // It goes on with what it had before anybody can tell it otherwise.
        await pause(300);
        inward.set('pass');
      };
    },
  };
}

function linked(name: string, links: Member['toRestate'], mode: Exclude<ProxyMode, 'pass'>): Fault {
  return {
    name,
    forMs: [300, 3_500],
    begin: () => {
      if (links.some((link) => link.mode !== 'pass')) return Promise.resolve(null);
      for (const link of links) link.set(mode);
      return Promise.resolve(() => {
        for (const link of links) link.set('pass');
        return Promise.resolve();
      });
    },
  };
}

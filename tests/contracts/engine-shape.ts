import type { SquadApi } from '../../src/workflows/squad-api.ts';
import type { StepApi, StepAttempt } from '../../src/workflows/step-api.ts';

/** What the workflow of a shape is given beside `step` and `squad`. */
export interface Stage {
  readonly step: StepApi;
  readonly squad: SquadApi;
  /** A body that ends when its cue comes. */
  body(key: string): (attempt: StepAttempt) => Promise<unknown>;
  /** Notes that a result reached the workflow. */
  heard<T>(key: string, result: Promise<T>): Promise<T>;
}

/** One way of putting steps together. */
export interface Shape {
  readonly name: string;
  /**
   * Everything from outside the workflow that makes it go on: the key of a body that ends, `signal:<name>`,
   * `answer:<approval>`, or `time:<n>` (ten seconds pass). A play goes through them in a generated order.
   */
  readonly cues: readonly string[];
  readonly play: (stage: Stage) => Promise<unknown>;
  /** How an attempt fails; one that is not named succeeds. */
  readonly fails?: (key: string, attempt: number) => Error | null;
}

/** `step.run` of a body under its own name, heard under its key. */
function run({ step, body, heard }: Stage, key: string, options?: Parameters<StepApi['run']>[2]): Promise<unknown> {
  return heard(key, step.run(key, body(key), options));
}

/** Steps one after the other. */
async function chain(stage: Stage, keys: readonly string[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const key of keys) results.push(await run(stage, key));
  return results;
}

const refused = (key: string): Error => Object.assign(new TypeError(`${key} was refused`), { code: 'E_REFUSED' });

/** Every shape of the contract: sequence, all, race, any, allSettled, nested asks, loops, scopes, waits and retries. */
export const shapes: readonly Shape[] = [
  {
    name: 'a sequence',
    cues: ['a', 'b', 'c'],
    play: (stage) => chain(stage, ['a', 'b', 'c']),
  },
  {
    name: 'all of three branches',
    cues: ['a', 'a2', 'b', 'b2', 'c'],
    play: (stage) => Promise.all([chain(stage, ['a', 'a2']), chain(stage, ['b', 'b2']), chain(stage, ['c'])]),
  },
  {
    name: 'a race whose loser goes on',
    cues: ['a', 'a2', 'b', 'b2', 'after'],
    play: async (stage) => {
      const winner = await Promise.race([chain(stage, ['a', 'a2']), chain(stage, ['b', 'b2'])]);
      return [winner, await run(stage, 'after')];
    },
  },
  {
    name: 'the first success of any, with a branch that fails',
    cues: ['a', 'b', 'c'],
    fails: (key) => (key === 'a' ? refused(key) : null),
    play: (stage) => Promise.any(['a', 'b', 'c'].map((key) => run(stage, key, { retries: 0 }))),
  },
  {
    name: 'allSettled, with a branch that fails',
    cues: ['a', 'b', 'c'],
    fails: (key) => (key === 'b' ? refused(key) : null),
    play: async (stage) => {
      const settled = await Promise.allSettled(['a', 'b', 'c'].map((key) => run(stage, key, { retries: 0 })));
      return settled.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)));
    },
  },
  {
    name: 'a failure that the workflow does not catch',
    cues: ['a', 'b', 'c'],
    fails: (key) => (key === 'b' ? refused(key) : null),
    play: (stage) => Promise.all(['a', 'b', 'c'].map((key) => run(stage, key, { retries: 0 }))),
  },
  {
    name: 'asks, with the tools one of them uses',
    cues: ['tester/model/1', 'tester/tool/1.1', 'tester/tool/1.2', 'tester/model/2', 'project_manager/model/1', 'a'],
    play: async (stage) => {
      const { squad, heard } = stage;
      const [first, second, a] = await Promise.all([
        heard('tester', squad.ask('tester', 'Use tools')),
        heard('project_manager', squad.ask('project_manager', 'Plan it')),
        run(stage, 'a'),
      ]);
      return [first.text, first.usage, second.text, a];
    },
  },
  {
    name: 'the same role in two branches and once more with what came of them',
    cues: ['tester/model/1', 'second/model/1', 'third/model/1', 'b'],
    play: async (stage) => {
      const { squad, heard } = stage;
      const [one, two] = await Promise.all([
        heard('tester', squad.ask('tester', 'First')),
        run(stage, 'b').then(() => heard('second', squad.ask('tester', 'Second', { name: 'second' }))),
      ]);
      const last = await heard('third', squad.ask('tester', `${one.text} ${two.text}`, { name: 'third' }));
      return last.text;
    },
  },
  {
    name: 'a loop whose rounds run beside each other',
    cues: [1, 2, 3].flatMap((round) => [`round-${round}/a`, `round-${round}/b`]),
    play: async ({ step, body, heard }) => {
      const outcome: unknown[] = [];
      for (let round = 1; round <= 3; round++) {
        const key = `round-${round}`;
        const both = await step.scope(key, (inner) =>
          Promise.all(['a', 'b'].map((name) => heard(`${key}/${name}`, inner.run(name, body(`${key}/${name}`))))),
        );
        outcome.push(both);
      }
      return outcome;
    },
  },
  {
    name: 'scopes inside scopes',
    cues: ['left/x', 'left/deep/x', 'right/x'],
    play: ({ step, body, heard }) => {
      const one = (inner: StepApi, key: string) => heard(key, inner.run('x', body(key)));
      return Promise.all([
        step.scope('left', async (left) => [
          await one(left, 'left/x'),
          await left.scope('deep', (deep) => one(deep, 'left/deep/x')),
        ]),
        step.scope('right', (right) => one(right, 'right/x')),
      ]);
    },
  },
  {
    name: 'sleeps beside steps',
    cues: ['a', 'b', 'c', 'time:1', 'time:2', 'time:3'],
    play: (stage) => {
      const { step, heard } = stage;
      return Promise.all([
        heard('long', step.sleep('long', '8s')).then(() => run(stage, 'a')),
        heard('short', step.sleep('short', '5s')).then(() => run(stage, 'b')),
        run(stage, 'c').then(() => heard('late', step.sleep('late', '12s'))),
      ]);
    },
  },
  {
    name: 'a race of sleeps, the longer one first',
    cues: ['a', 'time:1', 'time:2'],
    play: async (stage) => {
      const { step, heard } = stage;
      const sleep = async (key: string, duration: string) => {
        await heard(key, step.sleep(key, duration));
        return key;
      };
      return [await Promise.race([sleep('long', '8s'), sleep('short', '5s')]), await run(stage, 'a')];
    },
  },
  {
    name: 'signals, approvals and steps in branches',
    cues: ['a', 'b', 'signal:go', 'signal:go', 'answer:release'],
    play: (stage) => {
      const { step, heard } = stage;
      return Promise.all([
        heard('go', step.waitFor('go')).then(async (first) => [first, await run(stage, 'a')]),
        run(stage, 'b').then(() => heard('go-again', step.waitFor('go', { name: 'go-again' }))),
        heard('release', step.approve('release', { title: 'Go?' })),
      ]);
    },
  },
  {
    name: 'a race of a signal, its time-out and a step',
    cues: ['a', 'b', 'signal:stop', 'time:1'],
    play: async (stage) => {
      const { step, heard } = stage;
      const first = await Promise.race([
        heard('stop', step.waitFor('stop', { timeout: '5s' })),
        chain(stage, ['a', 'b']),
      ]);
      return first;
    },
  },
  {
    name: 'retries in a branch',
    cues: ['a', 'b', 'flaky', 'time:1', 'time:2'],
    fails: (key, attempt) => (key === 'flaky' && attempt < 3 ? new Error(`attempt ${attempt}`) : null),
    play: (stage) =>
      Promise.all([
        run(stage, 'flaky', { backoff: { initial: '4s', factor: 1 } }).then(() => run(stage, 'b')),
        run(stage, 'a'),
      ]),
  },
  {
    name: 'all inside a race inside all',
    cues: ['a', 'b', 'c', 'd', 'e'],
    play: (stage) =>
      Promise.all([
        Promise.race([Promise.all([run(stage, 'a'), run(stage, 'b')]), chain(stage, ['c', 'd'])]),
        run(stage, 'e'),
      ]),
  },
];

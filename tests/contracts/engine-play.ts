import type { Json } from '../../src/kernel/json.ts';
import { isEnded } from '../../src/work/execution.ts';
import type { Commit, Outcome } from '../../src/work/execution-store.ts';
import { outcomeOf } from '../../src/work/execution-store.ts';
import type { Journaled } from '../../src/work/journal.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { Assembly } from '../support/assembly.ts';
import type { EngineFactory } from '../support/assembly.ts';
import { Bodies } from '../support/bodies.ts';
import { Meter, meteredState } from '../support/metered-store.ts';
import { Life } from '../support/mortal-store.ts';
import type { Death } from '../support/mortal-store.ts';
import { scriptedAsker } from '../support/scripted-asker.ts';
import type { TestClock } from '../../src/testing/test-clock.ts';
import type { ContractState } from './contract-state.ts';
import type { Shape } from './engine-shape.ts';

/** How a play went. */
export interface Play {
  readonly outcome: Outcome<Json>;
  /** What reached the workflow, in order, in the process that ended it. */
  readonly heard: readonly string[];
  readonly records: readonly Journaled[];
  /** Commits of the first process: where it could have died. */
  readonly commits: number;
  /** What must not happen: a committed step that ran again, a replay that heard things in another order. */
  readonly breaches: readonly string[];
}

const stepMs = 10_000;
/** More than any shape needs; a play that takes more goes in circles. */
const maxTurns = 200;

/** What a play is put on with; the state is on the same clock. */
export interface PlayParts {
  readonly state: ContractState;
  readonly clock: TestClock;
  readonly makeEngine: EngineFactory;
}

/** Plays a shape from submission to outcome, its cues in the given order; each death ends one process. */
export async function play(
  parts: PlayParts,
  shape: Shape,
  order: readonly string[],
  deaths: readonly Death[] = [],
): Promise<Play> {
  return new Player(parts, shape, order, deaths).play();
}

/** One process: what runs in it and what it heard. */
interface Process {
  readonly assembly: Assembly;
  readonly bodies: Bodies;
  readonly life: Life;
  readonly heard: string[];
}

class Player {
  readonly #state: ContractState;
  readonly #makeEngine: EngineFactory;
  readonly #shape: Shape;
  readonly #deaths: readonly Death[];
  readonly #cues: string[];
  readonly #clock: TestClock;
  readonly #meter = new Meter();
  readonly #committed = new Set<string>();
  readonly #breaches: string[] = [];
  #processes = 0;
  /** Of the process in which the workflow ran last: one that is killed right after its last commit leaves nothing to run. */
  #heard: readonly string[] = [];
  #now: Process;
  #id = '';

  constructor(
    { state, clock, makeEngine }: PlayParts,
    shape: Shape,
    order: readonly string[],
    deaths: readonly Death[],
  ) {
    this.#state = meteredState(state, this.#meter);
    this.#clock = clock;
    this.#makeEngine = makeEngine;
    this.#shape = shape;
    this.#deaths = deaths;
    this.#cues = [...order];
    this.#now = this.#start();
  }

  async play(): Promise<Play> {
    this.#id = await this.#submit();
    const { life } = this.#now;
    for (let turn = 0; turn < maxTurns; turn++) {
      await this.#rest();
      const execution = await this.#state.reports.get('local', this.#id);
      if (execution !== null && isEnded(execution.status)) {
        const outcome = outcomeOf(execution);
        if (outcome === null) throw new Error('An ended execution has an outcome.');
        this.#now.life.end();
        const records = await this.#state.reports.records('local', this.#id, 0, 1_000);
        return {
          outcome,
          heard: this.#heard,
          records,
          commits: life.commits,
          breaches: this.#breaches,
        };
      }
      await this.#takeCue();
    }
    throw new Error(`The play of ${this.#shape.name} does not end.`);
  }

  #start(): Process {
    const life = new Life(this.#deaths[this.#processes++] ?? null, (commit) => this.#note(commit));
    const bodies = new Bodies((key) => {
      if (this.#committed.has(key)) this.#breaches.push(`the committed step ${key} ran again`);
    });
    const heard: string[] = [];
    const workflow = defineWorkflow({
      name: 'shape',
      run: ({ step, squad }) => {
        heard.length = 0;
        this.#heard = heard;
        return this.#shape.play({
          step,
          squad,
          body: bodies.body,
          heard: (key, result) =>
            result.then(
              (value) => (heard.push(key), value),
              (error: unknown) => {
                heard.push(`${key} failed`);
                throw error;
              },
            ),
        });
      },
    });
    const assembly = new Assembly({
      state: this.#state,
      clock: life.clock(this.#clock),
      makeEngine: this.#makeEngine,
      host: { world: this.#clock, follow: (operation) => this.#meter.follow(operation), gone: life.gone },
      executions: life.store(this.#state.executions),
      workflows: [workflow],
      asker: scriptedAsker(bodies.enter),
    });
    return { assembly, bodies, life, heard };
  }

  async #submit(): Promise<string> {
    return this.#now.assembly.submit('shape', { input: {}, squad: 'software' });
  }

  /** Waits until nothing goes on any more; takes up what a process that died left behind. */
  async #rest(): Promise<void> {
    await this.#meter.quiet();
    while (this.#now.life.isOver) {
      const before = [...this.#now.heard];
      this.#now = this.#start();
      await this.#now.assembly.resume();
      await this.#meter.quiet();
      const again = this.#now.heard.slice(0, before.length);
      // One that is parked is not taken up before something wakes it: then nothing is heard at all.
      if (this.#now.heard.length > 0 && !this.#now.life.isOver && !isSame(before, again)) {
        this.#breaches.push(`heard ${before.join(', ')}, then in the replay ${again.join(', ')}`);
      }
    }
  }

  #note(commit: Commit): void {
    for (const record of commit.records) {
      if (record.kind === 'step' && isFinal(record)) this.#committed.add(record.key);
    }
  }

  /** The first cue of the order that can come now. */
  async #takeCue(): Promise<void> {
    const { bodies, assembly } = this.#now;
    for (const [place, cue] of this.#cues.entries()) {
      const [kind, name = ''] = cue.includes(':') ? cue.split(':', 2) : ['body', cue];
      const body = bodies.find(name);
      if (kind === 'body') {
        if (body === undefined) continue;
        const failure = this.#shape.fails?.(name, body.attempt.number) ?? null;
        if (failure === null) body.resolve();
        else body.reject(failure);
        return;
      }
      if (kind === 'answer' && !(await this.#isAsked(name))) continue;
      this.#cues.splice(place, 1);
      if (kind === 'signal') await assembly.commands.signal('local', this.#id, name, { cue });
      else if (kind === 'answer') {
        await assembly.commands.approve('local', this.#id, name, { choice: 'approve', by: 'somebody' });
      } else await this.#pass(stepMs);
      return;
    }
    // What waits for a time that no cue brings: for a retry after the last of them.
    if (this.#shape.cues.some((cue) => cue.startsWith('time:'))) return this.#pass(stepMs);
    throw new Error(
      `${this.#shape.name} is stuck: open are ${bodies.keys.join(', ')}; left are ${this.#cues.join(', ')}`,
    );
  }

  async #isAsked(name: string): Promise<boolean> {
    const asked = await this.#state.approvals.list('local', { executionId: this.#id, status: 'pending', limit: 10 });
    return asked.some(({ stepKey }) => stepKey === name);
  }

  /** Time passes; everything that becomes due is done with before it goes on. */
  async #pass(ms: number): Promise<void> {
    const end = this.#clock.now() + ms;
    for (let next = this.#clock.untilNextMs; next !== null; next = this.#clock.untilNextMs) {
      if (this.#clock.now() + next > end) break;
      await this.#clock.advance(next);
      await this.#meter.quiet();
    }
    await this.#clock.advance(end - this.#clock.now());
  }
}

function isFinal(record: { readonly phase: string; readonly dueAt: number | null }): boolean {
  return record.phase === 'completed' || (record.phase === 'failed' && record.dueAt === null);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, place) => each === b[place]);
}

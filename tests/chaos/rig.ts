import { setTimeout as pause } from 'node:timers/promises';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { chaosPaths, LineLog } from './logs.ts';
import type { LifeLine } from './logs.ts';
import { seededRandom } from './random.ts';

export interface ChaosOptions {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  /** The name of a planted bug, or empty. */
  readonly plant: string;
  readonly onKill: (kills: number) => void;
}

/** The latest kill after a life reported to be working. */
const longestLifeMs = 700;
/** Of the kills, how many hit a life that is still starting; and of the lives, how many are stopped in good order instead. */
const startingShare = 0.15;
const stoppedShare = 0.08;
/** A worker that ends by itself this often is broken, not unlucky. */
const maxDeaths = 3;
/** After this long a life that should end by itself is given up. */
const patienceMs = 60_000;

/** Lets the worker live and kills it, again and again; then lets it finish what is open. */
export class ChaosRig {
  readonly #options: ChaosOptions;
  readonly #random: () => number;
  readonly #lives: LineLog<LifeLine>;
  readonly #url: string;
  #life = 0;
  #deaths = 0;
  /** How long the last start took that was let through. */
  #startMs = 0;

  constructor(options: ChaosOptions, modelServerUrl: string) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#lives = new LineLog(chaosPaths(options.folder).lives);
    this.#url = modelServerUrl;
  }

  async run(): Promise<void> {
    const outsider = startChild(new URL('./outsider.ts', import.meta.url), [this.#options.folder]);
    // The first one fills the code cache, which a killed process does not.
    await this.#stoppedLife(longestLifeMs / 2);
    for (let kills = 0; kills < this.#options.kills && this.#deaths < maxDeaths;) {
      if (this.#random() < stoppedShare) await this.#stoppedLife(this.#random() * longestLifeMs);
      if (await this.#killedLife()) this.#options.onKill(++kills);
    }
    await this.#lastLife();
    outsider.kill('SIGTERM');
    if ((await outsider.exited).code !== 0) this.#note('died');
    this.#lives[Symbol.dispose]();
  }

  /** A life that ends by SIGKILL at a random microsecond; false when it was dead before. */
  async #killedLife(): Promise<boolean> {
    const spawnedAt = performance.now();
    const worker = this.#spawn();
    if (this.#random() < startingShare) await until(spawnedAt + this.#random() * this.#startMs);
    else {
      await this.#working(worker);
      this.#startMs = performance.now() - spawnedAt;
      await until(performance.now() + this.#random() * longestLifeMs);
    }
    if (!worker.isRunning) return this.#died(worker);
    this.#note('killed');
    worker.kill('SIGKILL');
    await worker.exited;
    return true;
  }

  async #stoppedLife(afterMs: number): Promise<void> {
    const worker = this.#spawn();
    await this.#working(worker);
    await pause(afterMs);
    this.#note('stopping');
    worker.kill('SIGTERM');
    await this.#ended(worker);
  }

  async #lastLife(): Promise<void> {
    const worker = this.#spawn(['--finish']);
    await this.#working(worker);
    this.#note('stopping');
    await this.#ended(worker);
  }

  #spawn(more: readonly string[] = []): Child {
    const { folder, seed, plant } = this.#options;
    this.#life++;
    this.#note('spawned');
    const args = ['--folder', folder, '--life', String(this.#life), '--url', this.#url, '--seed', String(seed)];
    return startChild(new URL('./worker.ts', import.meta.url), [...args, '--plant', plant, ...more], {
      NODE_COMPILE_CACHE: chaosPaths(folder).codeCache,
    });
  }

  async #working(worker: Child): Promise<void> {
    if ((await worker.firstLine) === 'working') this.#note('working');
  }

  async #ended(worker: Child): Promise<void> {
    const stopWaiting = new AbortController();
    const late = pause(patienceMs, 'late' as const, { signal: stopWaiting.signal }).catch(() => 'late' as const);
    const exit = await Promise.race([worker.exited, late]);
    stopWaiting.abort();
    if (exit !== 'late' && exit.code === 0) this.#note('exited');
    else {
      worker.kill('SIGKILL');
      await this.#died(worker);
    }
  }

  async #died(worker: Child): Promise<false> {
    await worker.exited;
    this.#deaths++;
    this.#note('died');
    return false;
  }

  #note(event: LifeLine['event']): void {
    this.#lives.write({ event, life: this.#life });
  }
}

/** Waits until a point in time of `performance.now()`, to the microsecond: timers have milliseconds, so the rest is spun away. */
async function until(at: number): Promise<void> {
  const coarse = at - performance.now() - 2;
  if (coarse > 0) await pause(coarse);
  while (performance.now() < at);
}

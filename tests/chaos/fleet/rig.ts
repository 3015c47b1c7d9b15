import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startChild } from '../child.ts';
import { LineLog } from '../logs.ts';
import { between, seededRandom } from '../random.ts';
import { faultsFor } from './faults.ts';
import type { Fault } from './faults.ts';
import { fleetPaths } from './paths.ts';
import type { BareLine, FaultLine } from './paths.ts';
import { plantBug } from './plants.ts';
import type { FleetPlant } from './plants.ts';
import { startMembers, startServers } from './servers.ts';
import type { ChaosFleet } from './servers.ts';

export interface FleetChaosOptions {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  readonly plant: FleetPlant | null;
  readonly onKill: (kills: number) => void;
}

/** What was asked for; where the machine cannot, half of what Restate alone does on it. */
const wantedPerSecond = 50;
/** Offered is a little more than wanted, so that what is wanted comes to be. */
const more = 1.1;
const bareSeconds = 4;
/** Of load before the first fault and after the last one is mended. */
const calmMs = 2_000;
/** Between the beginnings of two faults; one often begins before another is over. */
const gapMs = [600, 3_000] as const;
/** Nothing has ended for so long: what is left is left. */
const quietMs = 75_000;

/** Puts a fleet under load, breaks one thing after the other and mends it, and has what is left judged. */
export class FleetRig {
  readonly #options: FleetChaosOptions;
  readonly #random: () => number;
  readonly #faults: LineLog<FaultLine>;
  readonly #modelServerUrl: string;

  constructor(options: FleetChaosOptions, modelServerUrl: string) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#faults = new LineLog(fleetPaths(options.folder).faults);
    this.#modelServerUrl = modelServerUrl;
  }

  /** Resolves with the exit code of the verdict. */
  async run(verdictArgs: readonly string[]): Promise<number> {
    const { folder, plant } = this.#options;
    await using opened = new AsyncDisposableStack();
    const fleet = opened.use(await startServers(fleetPaths(folder).servers));
    const offered = await this.#measure(fleet);
    const chaos = await startMembers(
      fleet,
      {
        folder,
        servers: fleetPaths(folder).servers,
        apis: 2,
        workers: 2,
        modelServerUrl: this.#modelServerUrl,
        faults: this.#faults,
      },
      opened,
    );
    if (plant !== null) await plantBug(fleet.postgres.url(), plant);
    await limitSpending(fleet.url);
    const clients = startChild(new URL('./clients.ts', import.meta.url), [
      `--folder=${folder}`,
      `--url=${fleet.url}`,
      `--rate=${offered}`,
      `--seed=${this.#options.seed}`,
    ]);
    opened.defer(() => clients.kill('SIGKILL'));
    await clients.firstLine;
    this.#note('load begins', '');
    await pause(calmMs);
    await this.#breakThings(chaos);
    await pause(calmMs);
    this.#note('load ends', '');
    clients.kill('SIGTERM');
    await this.#settle(fleet.postgres.url(), clients.exited);
    const members = [...chaos.apis, ...chaos.workers];
    await Promise.all(members.map(({ process }) => process.stop()));
    this.#faults[Symbol.dispose]();
    const verdict = fileURLToPath(new URL('./verdict.ts', import.meta.url));
    const args = [verdict, folder, '--database', fleet.postgres.url(), ...verdictArgs];
    return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
  }

  async #measure(fleet: ChaosFleet['fleet']): Promise<number> {
    const [admin = ''] = fleet.restate.adminUrls;
    const measuring = startChild(new URL('./bare-restate.ts', import.meta.url), [
      `--ingress=${fleet.restate.ingressUrls.join(',')}`,
      `--admin=${admin}`,
      `--seconds=${bareSeconds}`,
    ]);
    const perSecond = Number(await measuring.firstLine);
    await measuring.exited;
    if (!(perSecond > 0)) throw new Error('Bare Restate could not be measured.');
    const offered = Math.min(wantedPerSecond, perSecond / 2) * more;
    using bare = new LineLog<BareLine>(fleetPaths(this.#options.folder).bare);
    bare.write({ event: 'bare', perSecond, offered });
    return offered;
  }

  async #breakThings(chaos: ChaosFleet): Promise<void> {
    const mending: Promise<void>[] = [];
    const faults = faultsFor(chaos, this.#random);
    for (let kills = 0; kills < this.#options.kills;) {
      const fault = faults.next().value;
      const forMs = between(this.#random, ...fault.forMs);
      const mend = await this.#begin(fault);
      if (mend === null) continue;
      mending.push(
        pause(forMs)
          .then(mend)
          .then(() => this.#note('healed', fault.name)),
      );
      this.#options.onKill(++kills);
      await pause(between(this.#random, ...gapMs));
      // What is one of its kind is broken once at a time, and of Restate's three nodes two are always there.
      if (isOneOfItsKind(fault)) await mending.at(-1);
    }
    await Promise.all(mending);
  }

  async #begin(fault: Fault): Promise<(() => Promise<void>) | null> {
    const mend = await fault.begin();
    if (mend !== null) this.#note('fault', fault.name);
    return mend;
  }

  /** Waits until everybody outside has an answer and everything inside has come to its end, or nothing moves any more. */
  async #settle(databaseUrl: string, answered: Promise<unknown>): Promise<void> {
    let isAnswered = false;
    void answered.then(() => (isAnswered = true));
    let left = '';
    for (let movedAt = Date.now(); Date.now() - movedAt < quietMs;) {
      const now = await openIn(databaseUrl);
      if (isAnswered && now === '0 0') return this.#note('settled', '');
      if (now !== left) movedAt = Date.now();
      left = now;
      await pause(250);
    }
    this.#note('not settled', isAnswered ? `${left} executions and rows of the outbox` : 'clients wait for answers');
  }

  #note(event: FaultLine['event'], what: string): void {
    this.#faults.write({ event, what });
  }
}

function isOneOfItsKind({ name }: Fault): boolean {
  return /^(?:pgbouncer|postgres|restate)/.test(name);
}

/** How many executions have not ended, and how many rows the outbox has. */
async function openIn(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => {});
  await client.connect();
  try {
    // A row of the outbox whose execution needs nothing any more goes when its lease is over: a minute.
    const { rows } = await client.query<{ open: string }>(
      `SELECT (SELECT count(*) FROM executions WHERE status NOT IN ('completed', 'failed', 'cancelled')) || ' ' || (SELECT count(*) FROM outbox) AS open`,
    );
    return rows[0]?.open ?? '';
  } finally {
    await client.end();
  }
}

/** So high that nobody comes to it: every model call has to be reserved and settled. */
async function limitSpending(url: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/budgets/tenant/local/month`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ limitTokens: 1_000_000_000, limitMicroUsd: 1_000_000_000_000 }),
  });
  if (!answer.ok) throw new Error(`The budget could not be set: ${answer.status} ${await answer.text()}`);
}

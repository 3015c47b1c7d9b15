import type { DashboardsMessage, DashboardsOrder, Watched } from '../children/dashboards.ts';
import type { Load } from '../children/http-load.ts';
import { requestText } from '../load/connection.ts';
import { measurePageLoad } from '../load/page-load.ts';
import { Child } from '../measure/child.ts';
import { spread } from '../measure/statistics.ts';
import { below, figure, roundsFigure } from '../report/figure.ts';
import type { Figure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder } from '../workload/round.ts';
import { Generator, Served } from '../workload/served.ts';
import { input, threeSteps } from '../workload/three-steps.ts';

const perSecond = 1_000;
const dashboards = 50;
const [tenants, keysEach] = [20, 10];
/** Late by more, the generator would measure itself; what it is late counts in turns with dashboards and without. */
const mostLagMs = 10;

/** One turn at the rate, and what the server's threads took meanwhile. */
interface Turn {
  readonly load: Load;
  readonly serverCores: number;
}

interface Pair {
  readonly without: Turn;
  readonly watchedTurn: Turn;
  readonly watched: Watched;
}

/** Submissions at a rate that is held, in turns with fifty open dashboards and without; and how soon the page is there. */
export async function dashboard({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [seconds, rounds] = isQuick ? [4, 2] : [15, 8];
  const pairs = await inFolder(folder, 'dashboard', (state) =>
    measure(state, { seconds, rounds, mostLagMs: isQuick ? Infinity : mostLagMs }, progress),
  );
  const page = await inFolder(folder, 'page', (state) => measurePageLoad(state, isQuick ? 3 : 10));
  progress(`page: interactive after ${page.interactiveMs.median.toFixed(0)} ms`);
  const of = (pick: (pair: Pair) => number) => spread(pairs.map(pick));
  const growth = of(({ without, watchedTurn }) => 100 * (watchedTurn.load.p99Ms / without.load.p99Ms - 1));
  return {
    settings: {
      'executions per second': perSecond,
      dashboards,
      tenants,
      steps: 3,
      'seconds of a turn': seconds,
      rounds,
    },
    figures: [
      roundsFigure('submit, p99, grows by', '%', growth, below(10)),
      ...turnFigures('without dashboards', pairs, ({ without }) => without),
      ...turnFigures(`${dashboards} dashboards`, pairs, ({ watchedTurn }) => watchedTurn),
      roundsFigure(
        'pulses',
        '/s',
        of(({ watched }) => watched.pulses / watched.seconds),
      ),
      roundsFigure(
        'reads after them',
        '/s',
        of(({ watched }) => watched.reads / watched.seconds),
      ),
      roundsFigure(
        'reads, p50',
        'ms',
        of(({ watched }) => watched.readP50Ms),
      ),
      roundsFigure(
        'reads, p99',
        'ms',
        of(({ watched }) => watched.readP99Ms),
      ),
      figure('reads that failed', '', Math.max(...pairs.map(({ watched }) => watched.failedReads)), below(1)),
      roundsFigure('the Overview in Chromium: interactive after', 'ms', page.interactiveMs, below(1_000)),
      roundsFigure('the Overview in Chromium: everything read after', 'ms', page.readMs),
      figure('JavaScript of the Overview, compressed', 'kB', page.scriptKb),
    ],
    plots: [],
    notes: [
      'Each dashboard is a pulse stream and, after each pulse, the reads that the Overview makes for what the pulse names: bare sockets instead of fifty browsers, on the cores that the server has too.',
      'Turns with dashboards and without alternate in one server, each second pair the other way round; the growth is that of the p99 within each pair.',
      'Interactive is when the menu and the heading of the Overview are there, measured inside the page from the beginning of the navigation, with nothing in the browser cache and a server that has been asked before.',
    ],
  };
}

function turnFigures(label: string, pairs: readonly Pair[], turn: (pair: Pair) => Turn): Figure[] {
  const of = (pick: (one: Turn) => number) => spread(pairs.map((pair) => pick(turn(pair))));
  return [
    roundsFigure(
      `${label}: submit, p50`,
      'ms',
      of(({ load }) => load.p50Ms),
    ),
    roundsFigure(
      `${label}: submit, p99`,
      'ms',
      of(({ load }) => load.p99Ms),
    ),
    roundsFigure(
      `${label}: errors`,
      '',
      of(({ load }) => load.errorCount),
      below(1),
    ),
    roundsFigure(
      `${label}: server, CPU`,
      'cores',
      of(({ serverCores }) => serverCores),
    ),
    roundsFigure(
      `${label}: generator, late, p99`,
      'ms',
      of(({ load }) => load.lagP99Ms),
    ),
  ];
}

async function measure(
  folder: string,
  {
    seconds,
    rounds,
    mostLagMs: lagMs,
  }: { readonly seconds: number; readonly rounds: number; readonly mostLagMs: number },
  progress: RunOptions['progress'],
): Promise<readonly Pair[]> {
  await using server = await Served.start({ folder, settings: {}, tenants, keysEach, squad: null });
  await using generator = new Generator({ port: server.port, connections: 200 });
  // Two or three in each tenant.
  const keys = Array.from(
    { length: dashboards },
    (_, n) => server.callers[(n * keysEach) % server.callers.length]?.key,
  );
  await using watching = new Child<DashboardsMessage>('children/dashboards', { port: server.port, keys });
  const order = (kind: DashboardsOrder['kind']): void => watching.send({ kind });
  const body = { workflow: threeSteps.name, input };
  const requests = server.callers.map(({ key }) => requestText('POST', '/api/v1/executions', { key, body }));
  let submitted = 0;
  const turn = async (lastSeconds: number, lag = lagMs): Promise<Turn> => {
    const [before, begun] = [await server.report(), performance.now()];
    const count = perSecond * lastSeconds;
    const rate = { kind: 'open-loop', perSecond, count, idsWanted: 0, requests, expected: 202 } as const;
    const load = await generator.load(rate, lag);
    submitted += load.answered;
    const { cpuMs } = await server.idle();
    return { load, serverCores: (cpuMs - before.cpuMs) / (performance.now() - begun) };
  };
  const watchedTurn = async () => {
    order('open');
    await watching.next('opened');
    const measured = await turn(seconds);
    order('close');
    return { watchedTurn: measured, watched: await watching.next('watched') };
  };
  await turn(3, Infinity);
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0 ? { without: await turn(seconds) } : null;
    const second = await watchedTurn();
    const pair = { ...second, ...(first ?? { without: await turn(seconds) }) };
    pairs.push(pair);
    progress(
      `pair ${round + 1}: p99 ${pair.without.load.p99Ms.toFixed(2)} ms without, ${pair.watchedTurn.load.p99Ms.toFixed(2)} ms with; ${Math.round(pair.watched.reads / pair.watched.seconds)} reads/s`,
    );
  }
  order('stop');
  await watching.exited();
  await generator.stop();
  await server.stop();
  checkCompleted(folder, submitted);
  return pairs;
}

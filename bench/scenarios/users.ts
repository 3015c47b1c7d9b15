import type { ModelServerArgument, ModelServerMessage, ModelServerOrder } from '../children/model-server.ts';
import type { UserLoad, UserLoadArgument, UserLoadMessage, UserLoadOrder } from '../children/user-load.ts';
import { Child } from '../measure/child.ts';
import { below, figure } from '../report/figure.ts';
import type { Asked, Figure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder } from '../workload/round.ts';
import { Served } from '../workload/served.ts';

/** A fifth of the promised latency: what the generator is late is part of what it measures. */
const mostLagMs = 20;
const model = { leastMs: 1_000, mostMs: 3_000, chunks: 20 };
/** A squad of three of each user's own. */
const squad = {
  name: 'three',
  members: ['project_manager', 'backend_developer', 'tester'].map((role) => ({
    role,
    provider: 'openai',
    model: 'bench-model',
  })),
};
const body = {
  squad: squad.name,
  message: 'Plan a login page for a small web shop, build it, and test what was built.',
};

interface Measurement extends UserLoad {
  readonly serverCpuMs: number;
  readonly modelCpuMs: number;
  readonly mostRssMb: number;
  readonly loopP99Ms: number;
  readonly loopMostMs: number;
}

/** Ten thousand users with streams open, each with an execution of three agents: evenly over two minutes, then all in one second. */
export async function users({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [count, seconds] = isQuick ? [500, 6] : [10_000, 120];
  const { even, burst } = await inFolder(folder, 'users', (state) => measure(state, { count, seconds, progress }));
  const rows = (label: string, one: Measurement, submitBelow: Asked | null): Figure[] => [
    figure(`${label}: completed`, 'executions', one.completed),
    figure(`${label}: not completed, or an event missing`, '', one.errorCount, below(1)),
    figure(`${label}: submit, p50`, 'ms', one.submit.p50),
    figure(`${label}: submit, p99`, 'ms', one.submit.p99, submitBelow),
    figure(`${label}: submit → done, p50`, 's', one.done.p50 / 1_000),
    figure(`${label}: submit → done, p99`, 's', one.done.p99 / 1_000),
    figure(`${label}: first submission → all done`, 's', one.seconds),
    figure(`${label}: stored events, each seen once and in order`, '', one.events),
    figure(`${label}: pieces of text, without a hole`, '', one.deltas),
    figure(`${label}: streams open, least`, '', one.leastStreams),
    figure(`${label}: streams open, most`, '', one.mostStreams),
    figure(`${label}: server, CPU`, 'cores', one.serverCpuMs / one.seconds / 1_000),
    figure(`${label}: server, CPU per execution`, 'ms', one.serverCpuMs / one.completed),
    figure(`${label}: server, event loop late, p99`, 'ms', one.loopP99Ms),
    figure(`${label}: server, event loop late, most`, 'ms', one.loopMostMs),
    figure(`${label}: server, most memory (RSS)`, 'MB', one.mostRssMb, label === 'evenly' ? below(1_500) : null),
    figure(`${label}: generator, CPU`, 'cores', one.cpuMs / one.seconds / 1_000),
    figure(`${label}: generator, late, p99`, 'ms', one.lagP99Ms),
    figure(`${label}: model server, CPU`, 'cores', one.modelCpuMs / one.seconds / 1_000),
  ];
  return {
    settings: {
      users: count,
      'seconds of even arrivals': seconds,
      agents: squad.members.length,
      'model answers in ms': `${model.leastMs}–${model.mostMs}`,
      'chunks per answer': model.chunks,
    },
    figures: [...rows('evenly', even, below(100)), ...rows('in one second', burst, null)],
    plots: [],
    notes: [
      'Each user is a tenant with a key and a squad of three, and holds the stream over all of their executions (`GET /events`) open from before the first submission to after the last end; each follows their own execution in a second stream (`GET /executions/{id}/events`) until `done`.',
      "In the burst, the execution's own stream takes the place of the user's other one as soon as it is open.",
      'Each client checks that stored events are numbered 1, 2, 3 … without a gap, that the text of each answer has no hole, that `done` bears the last number, and that both streams tell the same.',
    ],
  };
}

async function measure(
  folder: string,
  { count, seconds, progress }: { count: number; seconds: number; progress: RunOptions['progress'] },
): Promise<{ readonly even: Measurement; readonly burst: Measurement }> {
  await using models = new Child<ModelServerMessage>('children/model-server', model satisfies ModelServerArgument);
  const { url } = await models.next('listening');
  const settings = { openaiApiKey: 'sk-bench', openaiBaseUrl: url };
  await using server = await Served.start({ folder, settings, tenants: count, keysEach: 1, squad });
  const load: UserLoadArgument = { port: server.port, connections: 1_000 };
  await using generator = new Child<UserLoadMessage>('children/user-load', load);
  const order = (one: UserLoadOrder): void => generator.send(one);
  const modelCpu = async (): Promise<number> => {
    models.send({ kind: 'report' } satisfies ModelServerOrder);
    return (await models.next('report')).cpuMs;
  };
  const submit = async (name: string, perSecond: number, keepsFeed: boolean): Promise<Measurement> => {
    const [before, modelBefore] = [await server.report(), await modelCpu()];
    order({ kind: 'submit', perSecond, body, keepsFeed });
    const one = await generator.next('submitted');
    const after = await server.report();
    progress(
      `${name}: ${one.completed} completed in ${one.seconds.toFixed(1)} s, submit p50 ${one.submit.p50.toFixed(1)}, p99 ${one.submit.p99.toFixed(1)} ms, done p99 ${(one.done.p99 / 1_000).toFixed(1)} s, server ${((after.cpuMs - before.cpuMs) / one.seconds / 1_000).toFixed(2)} cores, loop p99 ${after.loopP99Ms.toFixed(0)}, most ${after.loopMaxMs.toFixed(0)} ms, ${one.leastStreams}–${one.mostStreams} streams, generator ${(one.cpuMs / one.seconds / 1_000).toFixed(2)} cores, RSS ${Math.round(after.mostRssBytes / 1e6)} MB, late ${one.lagP99Ms.toFixed(1)} ms; ${one.errors.join('; ')}`,
    );
    return {
      ...one,
      serverCpuMs: after.cpuMs - before.cpuMs,
      modelCpuMs: (await modelCpu()) - modelBefore,
      mostRssMb: after.mostRssBytes / 1e6,
      loopP99Ms: after.loopP99Ms,
      loopMostMs: after.loopMaxMs,
    };
  };
  order({ kind: 'open', keys: server.callers.map(({ key }) => key) });
  await generator.next('opened');
  progress(`${count} streams are open`);
  const even = await submit('evenly', count / seconds, true);
  const burst = await submit('in one second', count, false);
  order({ kind: 'stop' });
  await generator.exited();
  await server.stop();
  models.send({ kind: 'stop' } satisfies ModelServerOrder);
  await models.exited();
  checkCompleted(folder, even.completed + burst.completed);
  for (const { lagP99Ms } of [even, burst]) {
    if (lagP99Ms > mostLagMs)
      throw new Error(`The generator lagged: its p99 is ${lagP99Ms.toFixed(1)} ms behind the schedule.`);
  }
  return { even, burst };
}

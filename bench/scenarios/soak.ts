import type { SoakArgument, SoakMessage, SoakSample } from '../children/soak.ts';
import { Child } from '../measure/child.ts';
import { quantile, trend } from '../measure/statistics.ts';
import { figure, flat } from '../report/figure.ts';
import type { Figure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { inFolder } from '../workload/round.ts';

const megabyte = 1_000_000;
/** The first part of the run, in which caches and file find their size, does not count. */
const warmUpShare = 0.2;

/** Half of the maximum for half an hour: nothing may grow. */
export async function soak({ isQuick, minutes: asked, folder, progress }: RunOptions): Promise<Measured> {
  const minutes = isQuick ? 0.5 : asked;
  const [retentionSeconds, sampleSeconds] = isQuick ? [3, 1] : [30, 5];
  const argument = { minutes, sampleSeconds, retentionSeconds, probe: isQuick ? 2_000 : 50_000 };
  const { maximum, samples, completed } = await inFolder(folder, 'soak', (state) =>
    run({ folder: state, ...argument }, progress),
  );
  const counted = samples.filter(({ atSeconds }) => atSeconds > warmUpShare * minutes * 60);
  const p99 = (sample: SoakSample): number => sample.p99Ms;
  const rss = (sample: SoakSample): number => sample.rssBytes / megabyte;
  const file = (sample: SoakSample): number => sample.fileBytes / megabyte;
  const most = (of: (sample: SoakSample) => number): number => Math.max(...counted.map(of));
  const line = (label: string, unit: string, of: (sample: SoakSample) => number) => ({
    label,
    unit,
    points: samples.map((sample) => [sample.atSeconds / 60, of(sample)] as const),
  });
  return {
    settings: {
      minutes,
      'executions per second': maximum / 2,
      'retention in seconds': retentionSeconds,
      'seconds per sample': sampleSeconds,
    },
    figures: [
      figure('maximum before', '/s', maximum),
      figure('completed', 'executions', completed),
      ...grows('memory (RSS)', 'MB', counted, rss),
      figure('memory (RSS), most', 'MB', most(rss)),
      ...grows('latency, p99 of each sample', 'ms', counted, p99),
      figure('latency, middle of the p99s', 'ms', quantile(counted.map(p99), 0.5)),
      ...grows('file', 'MB', counted, file),
      figure('file, most', 'MB', most(file)),
    ],
    plots: [
      {
        kind: 'lines',
        name: 'soak',
        title: `Half of the maximum (${Math.round(maximum / 2)} executions/s) for ${minutes} minutes`,
        xUnit: 'min',
        lines: [
          line('memory (RSS)', 'MB', rss),
          line('submit → result, p99', 'ms', p99),
          line('state file with its log', 'MB', file),
        ],
      },
    ],
    notes: [
      `Slopes are of the samples after the first ${warmUpShare * 100} %, in brackets their 95 % interval, widened by how much neighbouring samples resemble each other.`,
      'Flat: the interval does not lie above zero, or the growth is less than 2 % of the mean in an hour.',
    ],
  };
}

/** How much a quantity grows in an hour, and the verdict. */
function grows(
  name: string,
  unit: string,
  samples: readonly SoakSample[],
  of: (sample: SoakSample) => number,
): Figure[] {
  const { slope, low, high } = trend(samples.map((sample) => [sample.atSeconds / 3_600, of(sample)]));
  const mean = samples.reduce((total, sample) => total + of(sample), 0) / samples.length;
  const rounds = { min: low, max: high, count: samples.length };
  return [{ name: `${name}: growth`, unit: `${unit}/h`, value: slope, rounds, asked: flat(0.02 * mean) }];
}

async function run(argument: SoakArgument, progress: RunOptions['progress']) {
  await using child = new Child<SoakMessage>('children/soak', argument);
  const samples: SoakSample[] = [];
  let maximum = NaN;
  for (;;) {
    const { message } = await child.any();
    if (message.kind === 'maximum') {
      maximum = message.perSecond;
      progress(`maximum ${Math.round(maximum)}/s`);
    } else if (message.kind === 'sample') {
      samples.push(message);
      if (samples.length % 12 === 0) progress(sampleText(message));
    } else {
      await child.exited();
      return { maximum, samples, completed: message.completed };
    }
  }
}

function sampleText({ atSeconds, rssBytes, p99Ms, fileBytes }: SoakSample): string {
  const mb = (bytes: number): string => `${Math.round(bytes / megabyte)} MB`;
  return `${(atSeconds / 60).toFixed(1)} min: RSS ${mb(rssBytes)}, p99 ${p99Ms.toFixed(1)} ms, file ${mb(fileBytes)}`;
}

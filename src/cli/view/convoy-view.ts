import { convoyProgress } from '../../orchestrator/convoys/convoy-document.ts';
import type { CountedConvoy } from '../../work/convoy.ts';
import type { Ink } from './ink.ts';

type Progress = ReturnType<typeof convoyProgress>;

const barWidth = 30;

/** `[██████▌·····] 12 of 20 done, 5 running, 2 failed, 1 cancelled` */
export function progressLine(counts: CountedConvoy['counts'], ink: Ink): string {
  const progress = convoyProgress({ counts });
  return `[${bar(progress, ink)}] ${progressText(progress, ink)}`;
}

/** The same in words alone. */
export function progressText(
  { total, completed, running, failed, cancelled }: Progress,
  ink: Pick<Ink, 'red' | 'yellow'>,
): string {
  return [
    `${completed} of ${total} done`,
    ...(running > 0 ? [`${running} running`] : []),
    ...(failed > 0 ? [ink.red(`${failed} failed`)] : []),
    ...(cancelled > 0 ? [ink.yellow(`${cancelled} cancelled`)] : []),
  ].join(', ');
}

/** What is over is full, what runs half full; each has at least a place where there is one. */
function bar({ total, completed, running, failed, cancelled }: Progress, ink: Ink): string {
  const width = (count: number): number => (total === 0 ? 0 : Math.round((count / total) * barWidth));
  const broken = width(failed + cancelled);
  const done = Math.min(width(completed), barWidth - broken);
  const half = Math.min(width(running), barWidth - broken - done);
  const rest = barWidth - broken - done - half;
  return `${ink.green('█'.repeat(done))}${'▒'.repeat(half)}${ink.red('█'.repeat(broken))}${ink.dim('·'.repeat(rest))}`;
}

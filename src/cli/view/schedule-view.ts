import { formatDuration } from '../../kernel/duration.ts';
import type { Rhythm } from '../../work/schedule.ts';

/** `every 30m`, or `0 9 * * mon-fri (Europe/Berlin)`. */
export function rhythmText(rhythm: Rhythm): string {
  if (rhythm.kind === 'cron') return `${rhythm.cron} (${rhythm.timezone})`;
  const { everyMs } = rhythm;
  // `30m 00s`, and the like
  return `every ${everyMs < 60_000 && everyMs % 1_000 === 0 ? `${everyMs / 1_000}s` : formatDuration(everyMs).replace(/ 00\w$/, '')}`;
}

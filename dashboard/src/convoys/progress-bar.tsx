import type { ConvoySummary } from '../../../src/client.ts';
import { count } from '../data/formats.ts';
import './progress-bar.css';

type Progress = ConvoySummary['progress'];

const parts = [
  ['completed', 'good'],
  ['failed', 'bad'],
  ['running', 'active'],
  ['cancelled', 'quiet'],
] as const;

/** How far a convoy is, as a bar and in words: never by colour alone. */
export function ProgressBar({ progress }: { readonly progress: Progress }) {
  const { total } = progress;
  return (
    <div className="progress">
      <div className="progress-bar" aria-hidden="true">
        {parts.map(([name, tone]) => (
          <span key={name} data-tone={tone} style={{ flexGrow: progress[name] }} />
        ))}
        <span style={{ flexGrow: progress.ready + progress.blocked }} />
      </div>
      <span className="progress-words">{wordsOf(progress, total)}</span>
    </div>
  );
}

function wordsOf(progress: Progress, total: number): string {
  const rest = parts
    .slice(1)
    .filter(([name]) => progress[name] > 0)
    .map(([name]) => `${count(progress[name])} ${name}`);
  return [`${count(progress.completed)} of ${count(total)} completed`, ...rest].join(', ');
}

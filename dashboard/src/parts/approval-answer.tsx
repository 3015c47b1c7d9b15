import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useId, useState } from 'react';
import type { ApprovalDocument, ApprovalReply } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';
import './approval-answer.css';
import { ProblemNotice } from './problem-notice.tsx';

const MarkdownText = lazy(async () => ({ default: (await import('./markdown.tsx')).MarkdownText }));

const mostCharacters = 1_500;
/** What agents offer when they ask for words. */
const [inWords, declined] = ['answer', 'decline'];

/** What an execution asks a person, and the ways to answer it. `tell` hears what was answered. */
export function ApprovalAnswer(props: {
  readonly approval: ApprovalDocument;
  readonly mayAnswer: boolean;
  readonly tell: (outcome: string) => void;
  /** Whether all that is told about it is shown, however long. */
  readonly isWhole?: boolean;
}) {
  const { approval, mayAnswer, tell, isWhole = false } = props;
  const details = isWhole ? (approval.details ?? '') : shortened(approval.details ?? '');
  const queries = useQueryClient();
  const [words, setWords] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const field = useId();
  const asksForWords = approval.choices[0] === inWords && approval.choices[1] === declined;
  const answer = async (choice: string) => {
    setIsBusy(true);
    setError(null);
    try {
      await squadra.approvals.answer(approval.id, replyOf(choice, words.trim(), asksForWords));
      tell(`Answered “${approval.title}”: ${choice}.`);
      await queries.invalidateQueries({ queryKey: ['approvals'] });
    } catch (reason) {
      setError(reason);
      setIsBusy(false);
    }
  };
  return (
    <div className="approval-answer">
      {details !== '' && (
        <div className="approval-details">
          <Suspense fallback={<p dir="auto">{details}</p>}>
            <MarkdownText text={details} />
          </Suspense>
        </div>
      )}
      {mayAnswer ? (
        <>
          <details className="approval-words" open={asksForWords || isWhole}>
            <summary>{asksForWords ? 'Your answer' : 'Add a comment'}</summary>
            <label className="unseen" htmlFor={field}>
              {asksForWords ? 'Your answer' : 'Comment'}
            </label>
            <textarea id={field} dir="auto" rows={3} value={words} onChange={(event) => setWords(event.target.value)} />
          </details>
          <div className="approval-choices">
            {approval.choices.map((choice, place) => (
              <button
                key={choice}
                type="button"
                className="button"
                dir="auto"
                data-kind={place === 0 ? 'main' : undefined}
                disabled={isBusy || (asksForWords && choice === inWords && words.trim() === '')}
                onClick={() => void answer(choice)}
              >
                {choice}
              </button>
            ))}
          </div>
        </>
      ) : (
        <p className="muted">Answering needs a key with the scope write.</p>
      )}
      {error !== null && <ProblemNotice error={error} />}
    </div>
  );
}

/** As much as one reads before answering; the execution's page has all of it. */
function shortened(text: string): string {
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters).toWellFormed()}…`;
}

function replyOf(choice: string, words: string, asksForWords: boolean): ApprovalReply {
  if (words === '') return { choice };
  return asksForWords && choice === inWords ? { choice, text: words } : { choice, comment: words };
}

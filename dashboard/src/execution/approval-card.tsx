import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { ApprovalDocument } from '../../../src/client.ts';
import { moment } from '../data/formats.ts';
import { useMay } from '../data/may.ts';
import { squadra } from '../data/squadra.ts';
import { MarkdownText } from '../parts/markdown.tsx';
import { explained } from './refusal.tsx';

/** What the execution asks a person, with a way to answer each. */
export function ApprovalCards({ id, onAnswer }: { readonly id: string; readonly onAnswer: (outcome: string) => void }) {
  const { data } = useQuery({
    queryKey: ['approvals', 'of', id],
    queryFn: () => squadra.approvals.list({ executionId: id, status: 'pending' }),
  });
  return (data?.items ?? []).map((approval) => (
    <ApprovalCard key={approval.id} approval={approval} onAnswer={onAnswer} />
  ));
}

function ApprovalCard(props: { readonly approval: ApprovalDocument; readonly onAnswer: (outcome: string) => void }) {
  const { id, title, details, choices, createdAt } = props.approval;
  const queries = useQueryClient();
  const mayAnswer = useMay('write');
  const [comment, setComment] = useState('');
  const [sending, setSending] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const heading = useId();
  const answer = (choice: string) => {
    setSending(choice);
    setError(null);
    squadra.approvals
      .answer(id, replyOf(choice, choices, comment))
      .then(
        () => props.onAnswer(`Answered “${title.slice(0, 80)}” with ${choice}.`),
        (reason: unknown) => setError(reason),
      )
      .finally(() => {
        setSending(null);
        void queries.invalidateQueries({ queryKey: ['approvals'] });
      });
  };
  return (
    <section className="panel asks" aria-labelledby={heading}>
      <header className="panel-head">
        <h2 id={heading} dir="auto">
          {title}
        </h2>
        <span className="muted">asked {moment(createdAt)}</span>
      </header>
      {details !== null && <MarkdownText text={details} />}
      {error !== null && explained(error)}
      {mayAnswer ? (
        <>
          <label>
            {isQuestion(choices) ? 'Your answer' : 'Comment'}
            <textarea
              dir="auto"
              rows={2}
              value={comment}
              maxLength={10_000}
              onChange={(event) => setComment(event.target.value)}
            />
          </label>
          <div className="page-actions">
            {choices.map((choice, place) => (
              <button
                key={choice}
                type="button"
                className="button"
                dir="auto"
                {...(place === 0 ? { 'data-kind': 'main' } : {})}
                disabled={sending !== null || (isQuestion(choices) && place === 0 && comment.trim() === '')}
                onClick={() => answer(choice)}
              >
                {sending === choice ? 'Answering…' : choice}
              </button>
            ))}
          </div>
        </>
      ) : (
        <p className="muted">Your key may read only; somebody who may write has to answer.</p>
      )}
    </section>
  );
}

/** Whether an agent wants words, and not one of several choices. */
function isQuestion(choices: readonly string[]): boolean {
  return choices[0] === 'answer';
}

function replyOf(choice: string, choices: readonly string[], words: string) {
  if (words.trim() === '') return { choice };
  return isQuestion(choices) && choice === 'answer' ? { choice, text: words } : { choice, comment: words };
}

import { ProblemError } from '../../../src/client.ts';

/** Says what went wrong and what to do about it, in the server's words where it has spoken. */
export function ProblemNotice({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { title, detail, help, requestId } = wordsOf(error);
  return (
    <div className="problem" role="alert">
      <strong>{title}</strong>
      <p>{detail}</p>
      <p className="muted">
        {help}
        {requestId !== '' && (
          <>
            {' '}
            Request <code>{requestId}</code>.
          </>
        )}
      </p>
      {onRetry !== undefined && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

function wordsOf(error: unknown): { title: string; detail: string; help: string; requestId: string } {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { title: 'The page failed', detail, help: 'Load the page again.', requestId: '' };
}

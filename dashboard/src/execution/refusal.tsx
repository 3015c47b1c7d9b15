import type { ReactNode } from 'react';
import { ProblemError } from '../../../src/client.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';

/** What to make of a conflict: somebody or something was faster. */
const meanings: Readonly<Record<string, string>> = {
  ALREADY_ENDED: 'It has ended meanwhile. What you see is how it stands now.',
  ALREADY_ANSWERED: 'Somebody has answered it meanwhile.',
  ILLEGAL_TRANSITION: 'It is not in a state in which that can be done; what you see is how it stands now.',
  EXECUTION_CANCELLED: 'It was cancelled meanwhile.',
};

/** A refusal in plain words; a conflict says what was in the way. */
export function explained(error: unknown): ReactNode {
  const meaning = error instanceof ProblemError && error.status === 409 ? meanings[error.code] : undefined;
  return (
    <>
      {meaning !== undefined && <p className="banner">{meaning}</p>}
      <ProblemNotice error={error} />
    </>
  );
}

import { lazy, Suspense } from 'react';
import { chainOf } from './failure.ts';
import type { Failure } from './failure.ts';
import { RawText } from '../parts/raw-text.tsx';
import './step.css';

const ErrorHelp = lazy(async () => ({ default: (await import('./error-help.tsx')).ErrorHelp }));

/** What went wrong, what caused it, and what to do about it. */
export function FailureNotice({ failure, title }: { readonly failure: Failure; readonly title: string }) {
  const chain = chainOf(failure);
  return (
    <section className="problem" aria-label={title}>
      <strong>{title}</strong>
      <ol className="causes">
        {chain.map(({ name, message, code }, place) => (
          <li key={place}>
            {place > 0 && <span className="muted">Caused by </span>}
            <code>{code ?? name}</code> <span dir="auto">{message}</span>
            {code !== undefined && (
              <Suspense>
                <ErrorHelp code={code} />
              </Suspense>
            )}
          </li>
        ))}
      </ol>
      {failure.stack !== undefined && (
        <details>
          <summary>Where in the code</summary>
          <RawText>{failure.stack}</RawText>
        </details>
      )}
    </section>
  );
}

import { chainOf } from './failure.ts';
import type { Failure } from './failure.ts';
import { RawText } from '../parts/raw-text.tsx';
import './step.css';

/** What went wrong, what caused it, and what to do about it. */
export function FailureNotice({ failure, title }: { readonly failure: Failure; readonly title: string }) {
  const chain = chainOf(failure);
  return (
    <section className="problem" aria-label={title}>
      <strong>{title}</strong>
      <ol className="causes">
        {chain.map(({ name, message, code, help }, place) => (
          <li key={place}>
            {place > 0 && <span className="muted">Caused by </span>}
            <code>{code ?? name}</code> <span dir="auto">{message}</span>
            {help !== undefined && <p className="muted">{help}</p>}
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

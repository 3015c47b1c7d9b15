import { useState } from 'react';
import { useHistoryState } from 'wouter/use-browser-location';
import './outcome.css';

/** What is told on a page about what was done, on this page or on the one that led here. */
export interface Outcome {
  readonly text: string;
  readonly tell: (text: string) => void;
}

/** For `navigate(path, tellingOutcome('Deleted.'))`: the next page tells what was done. */
export function tellingOutcome(outcome: string) {
  return { state: { outcome } };
}

/** What the page tells about what was done; empty at first, unless the page before left something to tell. */
export function useOutcome(): Outcome {
  const state: unknown = useHistoryState();
  const left = typeof state === 'object' && state !== null && 'outcome' in state ? String(state.outcome) : '';
  const [text, tell] = useState(left);
  return { text, tell };
}

/** Tells it, read aloud where somebody listens. It stays until it is put away or something else is told. */
export function OutcomeNotice({ of: { text, tell } }: { readonly of: Outcome }) {
  return (
    <output className="outcome" hidden={text === ''}>
      <span dir="auto">{text}</span>
      <button type="button" className="button" data-kind="quiet" aria-label="Put away" onClick={() => tell('')}>
        ×
      </button>
    </output>
  );
}

import type { Delta } from '../workflows/run-services.ts';

/** What travels live: that an execution has something new in its journal, or text as it streams. Neither is stored here. */
export type LiveEvent =
  | { readonly kind: 'committed'; readonly executionId: string }
  | ({ readonly kind: 'delta' } & Delta);

export type LiveListener = (event: LiveEvent) => void;

/** How live events travel. What is lost on the way is read from the store. */
export interface Bus {
  publish(event: LiveEvent): void;
  /** Listens to one execution until the returned function is called. */
  subscribe(executionId: string, listener: LiveListener): () => void;
}

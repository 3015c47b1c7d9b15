import type { Delta } from '../workflows/run-services.ts';

/** A piece of an answer as it streams. It is not stored. */
export interface TextDelta extends Delta {
  readonly event: 'text-delta';
}

/**
 * The text that a call in flight has said, for who comes late. `offset` is where the text begins: 0, unless it is so long
 * that its beginning was dropped.
 */
export interface TextSoFar extends Delta {
  readonly event: 'text-so-far';
}

/** What travels live: that an execution has something new in its journal, text as it streams, and that nothing more comes. */
export type LiveEvent =
  | { readonly kind: 'committed'; readonly tenant: string; readonly executionId: string }
  | { readonly kind: 'delta'; readonly executionId: string; readonly delta: TextDelta }
  | { readonly kind: 'closed' };

export type LiveListener = (event: LiveEvent) => void;

/** How live events travel. What is lost on the way is read from the store. */
export interface Bus {
  publish(event: Exclude<LiveEvent, { readonly kind: 'closed' }>): void;
  /** Listens to one execution until the returned function is called. */
  subscribe(executionId: string, listener: LiveListener): () => void;
  /** Hears of commits of all executions of a tenant, and of no text. */
  subscribeTenant(tenant: string, listener: LiveListener): () => void;
  /** Tells all who listen, and who will, that nothing more comes. */
  close(): void;
}

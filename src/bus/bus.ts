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

/**
 * What travels live: that an execution has something new in its journal, text as it streams, and that nothing more comes. With
 * other processes about news can be lost: `unsure` says that something may have been committed that nobody told of, so that who
 * follows looks into the store, and calls that run elsewhere say `text-so-far` to who comes late.
 */
export type LiveEvent =
  | { readonly kind: 'committed'; readonly tenant: string; readonly executionId: string }
  | { readonly kind: 'delta'; readonly executionId: string; readonly delta: TextDelta | TextSoFar }
  | { readonly kind: 'unsure' }
  | { readonly kind: 'closed' };

/** What is published: the rest a bus says by itself. */
export type PublishedEvent = Extract<LiveEvent, { readonly kind: 'committed' | 'delta' }>;

export type LiveListener = (event: LiveEvent) => void;

/** How live events travel. What is lost on the way is read from the store. */
export interface Bus {
  /** Never throws. */
  publish(event: PublishedEvent): void;
  /** Listens to one execution until the returned function is called; asks other processes for what its calls said so far. */
  subscribe(executionId: string, listener: LiveListener): () => void;
  /** Hears of commits of all executions of a tenant, and of no text. */
  subscribeTenant(tenant: string, listener: LiveListener): () => void;
  /** Asks other processes again what the calls of an execution said so far; all who listen to it are told. */
  askSoFar(executionId: string): void;
  /** How this process answers when another one asks. */
  answerWith(soFar: (executionId: string) => readonly TextSoFar[]): void;
  /** Tells all who listen, and who will, that nothing more comes. */
  close(): void;
}

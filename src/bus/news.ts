/**
 * What a process of a fleet tells the others of what it did, so that they need not find out. News that is lost makes something
 * late, never wrong: `unsure` says that some may have been.
 */
export type News =
  /** Something was said to an execution, or it was cancelled: whoever runs it is to hear of it now. */
  | { readonly of: 'command'; readonly executionId: string; readonly isCancel: boolean }
  /** Calls gave back what they held of these budgets; null: of any. */
  | { readonly of: 'budgets'; readonly tenant: string; readonly budgets: readonly string[] | null }
  /** Something that pages show has changed; as the pulse numbers it. */
  | { readonly of: 'topics'; readonly tenant: string; readonly topics: number }
  /** What bears one of these tags, or lies under the key, is not what it was. */
  | { readonly of: 'cache'; readonly tags: readonly string[] }
  | { readonly of: 'cached'; readonly kind: string; readonly key: string }
  /** A key was made (by its hash), or revoked (by its id). */
  | { readonly of: 'key'; readonly hash: string }
  | { readonly of: 'revoked'; readonly id: string }
  /** Somebody signed out: the hash of the session. */
  | { readonly of: 'signedOut'; readonly session: string }
  | { readonly of: 'unsure' };

/** How news travel between the processes of a fleet. */
export interface NewsWire {
  /** Tells all other processes; never throws. */
  announce(news: Exclude<News, { readonly of: 'unsure' }>): void;
  /** Hears what the others tell, until the function that is given back is called. */
  onNews(listener: (news: News) => void): () => void;
}

/** The wire of a process that is alone. */
export const nobodyElse: NewsWire = { announce: () => {}, onNews: () => () => {} };

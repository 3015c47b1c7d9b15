import type { ApiKey } from './access-store.ts';
import type { Session } from './session.ts';

/** A session and its key as they are stored: the key may have been revoked, and either may be over. */
export interface FoundSession {
  readonly session: Session;
  readonly key: ApiKey;
}

/** Where sign-ins live, beside the keys they were made with. */
export interface SessionStore {
  /** Those that are over go, and of the key's the oldest beyond the `atMost` newest. */
  add(session: Session, atMost: number): Promise<void>;
  /** Null when there is none, or its key was revoked. */
  find(hash: string): Promise<FoundSession | null>;
  /** Notes that it was used. */
  use(hash: string, at: number): Promise<void>;
  remove(hash: string): Promise<void>;
}

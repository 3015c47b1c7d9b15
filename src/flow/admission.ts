import type { RateReport } from './rate-budget.ts';

/** A model call that wants to leave. */
export interface CallTicket {
  readonly tenant: string;
  readonly provider: string;
  readonly model: string;
  readonly memberId: string;
  /** Higher goes first within its tenant. */
  readonly priority: number;
  /** About how many tokens are sent. */
  readonly inputTokens: number;
  /** Epoch milliseconds: when it was asked for first. Who was turned away keeps it, and goes before those who came later. */
  readonly askedAt: number;
  /** Whether the provider turned it away before: then it has had its member's token. */
  readonly isReturning: boolean;
}

/** How a call ended, as far as it tells something about the provider. */
export type CallOutcome =
  /** `tokens` are what the provider counted, input and output; null where it did not. */
  | { readonly kind: 'completed'; readonly firstTokenMs: number | null; readonly tokens: number | null }
  /** 429. `retryAfterMs` is what the provider asked for; null where it did not. */
  | { readonly kind: 'refused'; readonly retryAfterMs: number | null }
  /** 503 or 529. */
  | { readonly kind: 'overloaded' }
  /** Another trouble of the provider, or of the way there. */
  | { readonly kind: 'failed' }
  /** It never left: what was taken for it is given back. */
  | { readonly kind: 'unsent' }
  /** It says nothing about the provider: cancelled, or refused for what it was. */
  | { readonly kind: 'other' };

/** A call that may leave, and is in flight until `end`. */
export interface Permit {
  /** What the head of the answer says about limits; before `end`. */
  told(report: RateReport): void;
  /** Gives the place back. Calling it again does nothing. */
  end(outcome: CallOutcome): void;
}

/** Where a (provider, model) stands. */
export interface ProviderState {
  readonly provider: string;
  readonly model: string;
  /** Calls that may be in flight, as far as is known. */
  readonly limit: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** Until rates let the next one go, in milliseconds; 0 where they do not hold it back. */
  readonly heldMs: number;
  /** What may be asked at once, as far as is known; less than nothing where more was used, null where nothing limits it. */
  readonly requestsLeft: number | null;
  readonly tokensLeft: number | null;
}

export interface AdmissionStatistics {
  /** Calls that may be in flight at most, are, and wait: for the provider or for their member's tokens. */
  readonly places: number;
  readonly taken: number;
  readonly waiting: number;
  readonly waitingForMember: number;
  /** Since the start: calls that left, and calls that providers turned away (429). */
  readonly admitted: number;
  readonly refused: number;
  readonly providers: readonly ProviderState[];
}

/** The one step in front of every model call. */
export interface Admission {
  /** Resolves when the call may leave; rejects with the signal's reason when it aborts first, and then holds nothing. */
  admit(ticket: CallTicket, signal: AbortSignal): Promise<Permit>;
  /** How many calls providers bear at once, as far as is known. */
  readonly places: number;
  statistics(): AdmissionStatistics;
}

import type { ConvoyStatus } from '../convoy.ts';
import { isUsage } from '../usage.ts';
import type { Usage } from '../usage.ts';

/** Something that metrics count. Times are epoch milliseconds. */
export type Happening = { readonly tenant: string; readonly at: number } & (
  | { readonly kind: 'submitted' }
  | { readonly kind: 'ended'; readonly status: 'completed' | 'failed' | 'cancelled'; readonly acceptedAt: number }
  | {
      /** An attempt that ended. `sentAt`: when the intent of a model call was stored; null where it is none, or failed. */
      readonly kind: 'step';
      readonly isModel: boolean;
      readonly isFailed: boolean;
      readonly usage: Usage | null;
      readonly sentAt: number | null;
    }
  | { readonly kind: 'convoy created' }
  | { readonly kind: 'convoy ended'; readonly status: ConvoyStatus }
);

/** Where happenings are noted. */
export interface HappeningSink {
  /** False where nothing that is noted counts: then nothing has to be looked up for it. */
  readonly isCounting: boolean;
  note(happening: Happening): void;
}

/** For where nothing is counted. */
export const unnoted: HappeningSink = { isCounting: false, note: () => {} };

/** What the stored data of a step says: what it was paid with, and whether it was taken over from another execution. */
export function paidIn(data: string | null): { readonly usage: Usage | null; readonly isInherited: boolean } {
  if (data === null) return { usage: null, isInherited: false };
  // Written by `journalColumns` and by what settles calls.
  const { usage, details } = JSON.parse(data) as { readonly usage?: unknown; readonly details?: string | null };
  return { usage: isUsage(usage) ? usage : null, isInherited: details?.startsWith('{"forkedFrom":') === true };
}

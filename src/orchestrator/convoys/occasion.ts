import type { Clock } from '../../kernel/clock.ts';

/**
 * What makes items ready, or room for them: a sample, an end, a new convoy.
 *
 * What is on its way to the store may be followed at once by the starts it allows: the store keeps the order, and commits them
 * together or not before it.
 */
export interface Occasion {
  /** Resolves when it is stored; rejects when it is not to be. */
  readonly stored: Promise<unknown>;
  /** Since when it is stored, in milliseconds of the clock; null until then. */
  readonly since: number | null;
}

/** Something that is stored already. */
export function occasionNow(clock: Clock): Occasion {
  return { stored: Promise.resolve(), since: clock.now() };
}

/** Something that is on its way to the store. */
export function occasionWith(stored: Promise<unknown>, clock: Clock): Occasion {
  const occasion: { stored: Promise<unknown>; since: number | null } = { stored, since: null };
  stored.then(
    () => (occasion.since = clock.now()),
    () => {},
  );
  return occasion;
}

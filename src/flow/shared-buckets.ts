/** A bucket of tokens that the processes of a fleet draw from together; a full one is kept nowhere. */
export interface SharedBucket {
  readonly key: string;
  /** The most that it holds, in tokens. More than 0. */
  readonly capacity: number;
  /** In how many milliseconds a token comes in. More than 0. */
  readonly tokenMs: number;
}

/** So many tokens out of a bucket; less than nothing puts them back. */
export interface Draw extends SharedBucket {
  readonly tokens: number;
}

/** What came of it. */
export interface Drawn {
  /** Whether all of it was there; it is gone then. Otherwise nothing is. */
  readonly isTaken: boolean;
  /** What is left in each bucket, in tokens, in the order of the draws; less than nothing where more was used than there is. */
  readonly left: readonly number[];
  /** How long nobody may draw, in milliseconds. */
  readonly pausedMs: number;
}

/** Draws since the start: with all that was asked for, without, and those that nobody answered. */
export interface SharedBucketStatistics {
  readonly taken: number;
  readonly refused: number;
  readonly unavailable: number;
}

/**
 * Where the processes of a fleet keep to limits together.
 *
 * It can be away, and is then as if there were none: what has to hold also then does not belong here.
 */
export interface SharedBuckets {
  /**
   * All of it or nothing, in one piece. Who needs more than a bucket ever holds gets it when the bucket is full. While what goes by the name of
   * `pause` is paused, nothing is there.
   * Null where nobody can tell; then each process counts for itself.
   */
  draw(draws: readonly Draw[], pause?: string): Promise<Drawn | null>;
  /** What was used beyond what was drawn, or less; it is told, and nobody waits for it. */
  correct(draws: readonly Draw[]): void;
  /** Nobody draws what goes by this name for so many milliseconds. */
  pause(name: string, forMs: number): void;
  statistics(): SharedBucketStatistics;
}

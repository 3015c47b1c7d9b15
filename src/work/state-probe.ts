/** Finds out whether what is accepted now would be kept. */
export interface StateProbe {
  /** Resolves when something of no meaning was written and synced; rejects with why it could not be. */
  write(): Promise<void>;
}

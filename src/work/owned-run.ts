/** A run of this process, and the claim by which it owns its execution. */
export interface OwnedRun {
  readonly tenant: string;
  readonly id: string;
  readonly epoch: number;
}

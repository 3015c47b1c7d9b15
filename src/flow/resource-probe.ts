/** How busy the machine, or the container, is. */
export interface ResourceReading {
  /** CPU time that was used since the last reading, in percent of what there is: 0 to 100. */
  readonly cpu: number;
  /** Memory that is in use and cannot be taken back at once, in percent of what there is: 0 to 100. */
  readonly memory: number;
  /** How late the event loop came to its work since the last reading: the 99th percentile, in milliseconds. */
  readonly loopDelayMs: number;
}

/** Where readings come from. Reading must not block the event loop; it rejects when nothing can be told. */
export interface ResourceProbe extends Disposable {
  read(): Promise<ResourceReading>;
}

/** What a state folder is like, without opening it for work. */
export interface StateInspection {
  readonly stateDir: string;
  /** Whether there is a state file. */
  readonly exists: boolean;
  /** Bytes of the file and of what was not moved into it yet. */
  readonly sizeBytes: number;
  /** The version of the file, and the one that this code writes; null when it cannot be read. */
  readonly version: number | null;
  readonly currentVersion: number;
  /** What is wrong with the file; empty when nothing was found. */
  readonly problems: readonly string[];
  /** Who runs the folder now. */
  readonly owner: StateOwner | null;
}

/** The process that runs a state folder. */
export interface StateOwner {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  readonly since: string;
}

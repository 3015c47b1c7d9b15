/** Knows which tools there are, so that a squad with a misspelt one is refused when it is made and not when it works. */
export interface ToolNames {
  /** Throws `UNKNOWN_TOOL` naming those there are. */
  check(names: readonly string[]): void;
}

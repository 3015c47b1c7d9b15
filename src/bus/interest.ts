/** Other processes say again every ten seconds what they listen to: who was not heard of for so long does so no more. */
const wantedMs = 30_000;
/** A call that said nothing for so long is taken for silent; when it speaks again, who listens is asked for again. */
const speakingMs = 5_000;
/** What is remembered at most; who does not fit hears no text, and the records all the same. */
const mostWanted = 100_000;

/** To which executions other processes listen, as far as this one has calls that speak. */
export class Interest {
  readonly #wantedUntil = new Map<string, number>();
  #spokeAt = -Infinity;

  /** Whether a call of this process said something lately: then it has to hear who wants to listen. */
  isSpeaking(now: number): boolean {
    return this.#spokeAt > now - speakingMs;
  }

  spoke(now: number): void {
    this.#spokeAt = now;
  }

  isWanted(executionId: string, now: number): boolean {
    return (this.#wantedUntil.get(executionId) ?? 0) > now;
  }

  /** Another process listens; true where none did before. */
  wants(executionId: string, now: number): boolean {
    const isNew = !this.isWanted(executionId, now);
    if (isNew && this.#wantedUntil.size >= mostWanted) return false;
    this.#wantedUntil.set(executionId, now + wantedMs);
    return isNew;
  }

  forget(now: number): void {
    for (const [executionId, until] of this.#wantedUntil) if (until <= now) this.#wantedUntil.delete(executionId);
  }
}

import type { Bus, LiveListener, PublishedEvent } from '../bus.ts';
import { Listeners } from '../listeners.ts';

/** The bus of one process. */
export class MemoryBus implements Bus {
  readonly #executions = new Listeners();
  readonly #tenants = new Listeners();

  publish(event: PublishedEvent): void {
    this.#executions.tell(event.executionId, event);
    if (event.kind === 'committed') this.#tenants.tell(event.tenant, event);
  }

  subscribe(executionId: string, listener: LiveListener): () => void {
    return this.#executions.add(executionId, listener);
  }

  subscribeTenant(tenant: string, listener: LiveListener): () => void {
    return this.#tenants.add(tenant, listener);
  }

  /** There is no other process. */
  askSoFar(): void {}

  answerWith(): void {}

  /** How many executions and tenants somebody listens to. */
  get listenedTo(): number {
    return this.#executions.size + this.#tenants.size;
  }

  close(): void {
    this.#executions.close();
    this.#tenants.close();
  }
}

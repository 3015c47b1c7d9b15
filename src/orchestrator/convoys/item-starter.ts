import { Semaphore } from '../../flow/semaphore.ts';
import type { Bus } from '../../bus/bus.ts';
import type { Engine } from '../../engines/engine.ts';
import type { Faults } from '../../kernel/faults.ts';
import type { IdSource } from '../../kernel/id.ts';
import type { ConvoyStore, StartedItem } from '../../work/convoy-store.ts';
import type { Claim } from '../../work/execution-store.ts';
import type { Advancer } from '../advancer.ts';
import { ChildSession, resultsAtOnce } from './child-session.ts';
import type { Course } from './course.ts';

export interface ItemStarterParts {
  readonly store: ConvoyStore;
  readonly engine: Engine;
  readonly advancer: Advancer;
  readonly bus: Bus;
  readonly ids: IdSource;
  readonly faults: Faults;
}

/** Hears of a child whose completion was handed to the store just now; `stored` is what becomes of it. */
export type OnCompleting = (executionId: string, stored: Promise<unknown>) => void;

/** Starts items: one commit with the child, which then begins where the engine has a place. */
export class ItemStarter {
  readonly #parts: ItemStarterParts;
  readonly #onCompleting: OnCompleting;
  readonly #results = new Semaphore(resultsAtOnce);

  constructor(parts: ItemStarterParts, onCompleting: OnCompleting) {
    this.#parts = parts;
    this.#onCompleting = onCompleting;
  }

  /**
   * `started` hears of the child before it begins. False when the item is not to be started any more; throws what the store
   * throws, and then nothing has happened.
   */
  async start({ tenant, convoy }: Course, itemId: string, started: (child: string) => void): Promise<boolean> {
    const { store, engine, advancer, bus, ids, faults } = this.#parts;
    const place = engine.reserve();
    const executionId = ids();
    let item: StartedItem;
    try {
      faults.at('submit.before');
      const accepted = place === null ? 'queued' : 'running';
      item = await store.start(tenant, convoy.id, itemId, { executionId, accepted });
      faults.at('submit.after');
    } catch (error) {
      place?.giveBack();
      throw error;
    }
    if (item === null) {
      place?.giveBack();
      return false;
    }
    const child = item.kind === 'running' ? executionId : item.executionId;
    started(child);
    bus.publish({ kind: 'committed', tenant, executionId: child });
    if (item.kind === 'running' && place !== null) {
      const claim = this.#watched(item.claim);
      place.run({ tenant, id: child, priority: claim.execution.priority }, () => advancer.run(claim));
    } else {
      place?.giveBack();
      engine.start({ tenant, id: child, priority: item.kind === 'queued' ? item.priority : 0 });
    }
    return true;
  }

  #watched(claim: Claim): Claim {
    const { id } = claim.execution;
    const onCompleting = (stored: Promise<unknown>): void => this.#onCompleting(id, stored);
    return { ...claim, session: new ChildSession(claim.session, this.#results, onCompleting) };
  }
}

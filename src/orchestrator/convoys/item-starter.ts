import type { Bus } from '../../bus/bus.ts';
import type { Engine } from '../../engines/engine.ts';
import type { Faults } from '../../kernel/faults.ts';
import type { IdSource } from '../../kernel/id.ts';
import type { ConvoyStore, StartedItem } from '../../work/convoy-store.ts';
import type { Advancer } from '../advancer.ts';
import type { Course } from './course.ts';

export interface ItemStarterParts {
  readonly store: ConvoyStore;
  readonly engine: Engine;
  readonly advancer: Advancer;
  readonly bus: Bus;
  readonly ids: IdSource;
  readonly faults: Faults;
}

/** Starts items: one commit with the child, which then begins where the engine has a place. */
export class ItemStarter {
  readonly #parts: ItemStarterParts;

  constructor(parts: ItemStarterParts) {
    this.#parts = parts;
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
      const { claim } = item;
      place.run({ tenant, id: child, priority: claim.execution.priority }, () => advancer.run(claim));
    } else {
      place?.giveBack();
      engine.start({ tenant, id: child, priority: item.kind === 'queued' ? item.priority : 0 });
    }
    return true;
  }
}

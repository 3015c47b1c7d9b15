import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Bus, LiveEvent, TextDelta } from '../../src/bus/bus.ts';

/** Two places where events are published and listened to: one bus, or those of two processes. */
export interface ContractBuses extends AsyncDisposable {
  readonly here: Bus;
  readonly there: Bus;
}

/** What one listener heard, and a wait for more. */
export class Heard {
  readonly events: LiveEvent[] = [];
  #wake: () => void = () => {};
  readonly listen = (event: LiveEvent): void => {
    this.events.push(event);
    this.#wake();
  };

  /** Resolves when it has heard something of which this is true. */
  async until(isThere: (events: readonly LiveEvent[]) => boolean): Promise<void> {
    while (!isThere(this.events)) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  has(kind: LiveEvent['kind'], executionId: string): boolean {
    return this.events.some(
      (event) => event.kind === kind && 'executionId' in event && event.executionId === executionId,
    );
  }

  /** What a reader of its pieces has of a call. */
  get text(): string {
    let text = '';
    for (const event of this.events) {
      if (event.kind !== 'delta') continue;
      const { offset } = event.delta;
      if (event.delta.event === 'text-so-far') text = event.delta.text;
      else if (offset <= text.length) text = text.slice(0, offset) + event.delta.text;
    }
    return text;
  }
}

export function delta(executionId: string, offset: number, text: string): TextDelta {
  return { event: 'text-delta', executionId, stepKey: 'a/model/1', attempt: 1, offset, text };
}

/** What every bus does, within a process and between two. */
export function busContract(open: () => Promise<ContractBuses>): void {
  describe('a bus', () => {
    const two = (): readonly [string, string] => [randomUUID(), randomUUID()];

    it('brings commits to who listens to their execution, and to who listens to their tenant', async () => {
      await using buses = await open();
      const [tenant, executionId] = two();
      const [ofExecution, ofTenant, ofOthers] = [new Heard(), new Heard(), new Heard()];
      buses.there.subscribe(executionId, ofExecution.listen);
      buses.there.subscribeTenant(tenant, ofTenant.listen);
      buses.there.subscribe(randomUUID(), ofOthers.listen);
      buses.there.subscribeTenant(randomUUID(), ofOthers.listen);
      buses.here.publish({ kind: 'committed', tenant, executionId });
      await ofExecution.until(() => ofExecution.has('committed', executionId));
      await ofTenant.until(() => ofTenant.has('committed', executionId));
      expect(ofOthers.events.filter(({ kind }) => kind !== 'unsure')).toEqual([]);
    });

    it('brings text in order to who listens to its execution, and to no tenant', async () => {
      await using buses = await open();
      const [tenant, executionId] = two();
      let said = '';
      // Whoever runs a call answers with what it said so far.
      buses.here.answerWith((asked) =>
        asked === executionId && said !== '' ? [{ ...delta(executionId, 0, said), event: 'text-so-far' }] : [],
      );
      const [heard, ofTenant] = [new Heard(), new Heard()];
      buses.there.subscribe(executionId, heard.listen);
      buses.there.subscribeTenant(tenant, ofTenant.listen);
      for (const word of ['One', ' two', ' three', ' \u0000 four']) {
        buses.here.publish({ kind: 'delta', executionId, delta: delta(executionId, said.length, word) });
        said += word;
      }
      await heard.until(() => heard.text === said);
      buses.here.publish({ kind: 'committed', tenant, executionId });
      await ofTenant.until(() => ofTenant.has('committed', executionId));
      expect(ofTenant.has('delta', executionId)).toBe(false);
      expect(heard.text).toBe(said);
    });

    it('tells nothing more to who has left', async () => {
      await using buses = await open();
      const [tenant, executionId] = two();
      const [left, stayed] = [new Heard(), new Heard()];
      const leave = buses.there.subscribe(executionId, left.listen);
      buses.there.subscribe(executionId, stayed.listen);
      leave();
      buses.here.publish({ kind: 'committed', tenant, executionId });
      await stayed.until(() => stayed.has('committed', executionId));
      expect(left.events).toEqual([]);
    });

    it('tells all who listen, and who will, that it is closed', async () => {
      await using buses = await open();
      const [before, after] = [new Heard(), new Heard()];
      buses.there.subscribe(randomUUID(), before.listen);
      buses.there.close();
      buses.there.subscribeTenant(randomUUID(), after.listen);
      expect(before.events.at(-1)).toEqual({ kind: 'closed' });
      expect(after.events).toEqual([{ kind: 'closed' }]);
    });
  });
}

import type { ItemEnd } from '../../../src/orchestrator/convoys/course.ts';
import type { ConvoyStatus } from '../../../src/work/convoy.ts';
import type { WorkItemStatus } from '../../../src/work/work-item.ts';

/** An item of a generated convoy: its place is its name. */
export interface PlannedItem {
  readonly key: string;
  readonly priority: number;
  /** Keys. */
  readonly needs: readonly string[];
}

/** An item as the rules have it: `because` is the key of the item for whose end it was cancelled. */
interface ModelItem extends PlannedItem {
  status: WorkItemStatus;
  because: string | null;
}

/** What is to become of a convoy, said as plainly as can be: everything is looked through after every end. */
export class ConvoyModel {
  readonly items: readonly ModelItem[];
  readonly #stops: boolean;

  constructor(items: readonly PlannedItem[], stops: boolean) {
    this.items = items.map((item) => ({ ...item, status: 'blocked', because: null }));
    this.#stops = stops;
    this.#ready();
  }

  /** What starts next: the highest priority, then the first given. */
  get next(): string | null {
    const ready = this.items.filter(({ status }) => status === 'ready');
    const most = Math.max(...ready.map(({ priority }) => priority));
    return ready.find(({ priority }) => priority === most)?.key ?? null;
  }

  get running(): readonly string[] {
    return this.items.filter(({ status }) => status === 'in_progress').map(({ key }) => key);
  }

  get end(): ConvoyStatus {
    const is = (wanted: WorkItemStatus) => this.items.filter(({ status }) => status === wanted).length;
    if (this.items.some(({ status }) => ['ready', 'blocked', 'in_progress'].includes(status))) return 'running';
    if (is('completed') === this.items.length) return 'completed';
    return is('completed') === 0 || (this.#stops && is('failed') > 0) ? 'failed' : 'partial';
  }

  start(key: string): void {
    const item = this.#item(key);
    if (item.needs.some((need) => this.#item(need).status !== 'completed'))
      throw new Error(`${key} was started before what it needs was completed.`);
    item.status = 'in_progress';
  }

  finish(key: string, end: ItemEnd): void {
    this.#item(key).status = end;
    const broken = (need: string): boolean => ['failed', 'cancelled'].includes(this.#item(need).status);
    const isWaiting = ({ status }: ModelItem): boolean => status === 'blocked' || status === 'ready';
    for (let found = true; found;) {
      found = false;
      for (const item of this.items)
        if (isWaiting(item) && item.needs.some(broken)) {
          item.status = 'cancelled';
          item.because = key;
          found = true;
        }
    }
    if (this.#stops && end === 'failed')
      for (const item of this.items.filter(isWaiting)) {
        item.status = 'cancelled';
        item.because = key;
      }
    this.#ready();
  }

  #ready(): void {
    for (const item of this.items)
      if (item.status === 'blocked' && item.needs.every((need) => this.#item(need).status === 'completed'))
        item.status = 'ready';
  }

  #item(key: string): ModelItem {
    const found = this.items.find((item) => item.key === key);
    if (found === undefined) throw new Error(`There is no ${key}.`);
    return found;
  }
}

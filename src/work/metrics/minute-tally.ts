import type { Happening } from './happening.ts';
import { MinuteFigures, minuteOf } from './minute.ts';

/** The figures of one tenant's minute. */
export interface TenantMinute {
  readonly tenant: string;
  /** Counted from the epoch. */
  readonly minute: number;
  readonly figures: MinuteFigures;
}

/** Adds up what happened by tenant and minute; in which order, and in how many parts that are merged, makes no difference. */
export class MinuteTally {
  readonly #byTenant = new Map<string, Map<number, MinuteFigures>>();
  #last: TenantMinute | null = null;

  get isEmpty(): boolean {
    return this.#byTenant.size === 0;
  }

  add(happening: Happening): void {
    const { tenant, at } = happening;
    const { counts, durations, latencies } = this.at(tenant, minuteOf(at));
    switch (happening.kind) {
      case 'submitted':
        counts.submitted += 1;
        return;
      case 'ended':
        counts[happening.status] += 1;
        if (happening.status !== 'cancelled') durations.add(at - happening.acceptedAt);
        return;
      case 'step': {
        const { isModel, isFailed, usage, sentAt } = happening;
        counts.steps += 1;
        if (isFailed) counts.failedSteps += 1;
        if (isModel) counts.modelCalls += 1;
        if (isModel && isFailed) counts.failedModelCalls += 1;
        if (sentAt !== null) latencies.add(at - sentAt);
        if (usage === null) return;
        counts.inputTokens += usage.inputTokens;
        counts.outputTokens += usage.outputTokens;
        counts.cachedTokens += usage.cachedTokens;
        counts.costMicroUsd += usage.costMicroUsd;
        counts.unpricedCalls += usage.unpricedCalls;
        return;
      }
      case 'convoy created':
        counts.convoysCreated += 1;
        return;
      case 'convoy ended':
        if (happening.status === 'completed') counts.convoysCompleted += 1;
        if (happening.status === 'partial') counts.convoysPartial += 1;
        if (happening.status === 'failed') counts.convoysFailed += 1;
        if (happening.status === 'cancelled') counts.convoysCancelled += 1;
        return;
    }
  }

  merge(other: MinuteTally): void {
    for (const { tenant, minute, figures } of other.minutes()) this.at(tenant, minute).merge(figures);
  }

  /** The figures of a minute, empty where nothing happened yet. */
  at(tenant: string, minute: number): MinuteFigures {
    // Most of what happens does so in the same minute as what happened before.
    const last = this.#last;
    if (last !== null && last.tenant === tenant && last.minute === minute) return last.figures;
    let minutes = this.#byTenant.get(tenant);
    if (minutes === undefined) this.#byTenant.set(tenant, (minutes = new Map()));
    let figures = minutes.get(minute);
    if (figures === undefined) minutes.set(minute, (figures = new MinuteFigures()));
    this.#last = { tenant, minute, figures };
    return figures;
  }

  *minutes(): IterableIterator<TenantMinute> {
    for (const [tenant, minutes] of this.#byTenant)
      for (const [minute, figures] of minutes) yield { tenant, minute, figures };
  }
}

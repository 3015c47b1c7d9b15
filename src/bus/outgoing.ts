import type { PublishedEvent, TextDelta, TextSoFar } from './bus.ts';
import type { AnnouncedNews, Told } from './told.ts';

/** What the others are to be told at once. */
export interface OutgoingTold {
  readonly told: readonly Told[];
  /** Whether it holds something for those who run calls, also where nobody listens. */
  readonly isRequest: boolean;
  /** How many events are in it. */
  readonly events: number;
  /** Executions of which it holds text. */
  readonly texts: ReadonlySet<string>;
}

/** What is held at most while the database is away or slow: what does not fit is lost, and that is told. */
const mostExecutions = 10_000;
const mostCharacters = 1_000_000;
const mostNews = 2_000;

interface Text {
  readonly piece: TextDelta | TextSoFar;
  text: string;
}

/** Gathers what the other processes are to be told: commits once for each execution, pieces of a call's text as one. */
export class Outgoing {
  #commits = new Map<string, Set<string>>();
  #texts: Text[] = [];
  #asks = new Set<string>();
  #news: AnnouncedNews[] = [];
  #listens: readonly string[] = [];
  #executions = 0;
  #characters = 0;
  #isLost = false;
  #events = 0;

  get isEmpty(): boolean {
    return this.#events === 0;
  }

  /** False where it did not fit. */
  add(event: PublishedEvent): boolean {
    return event.kind === 'committed' ? this.#addCommit(event.tenant, event.executionId) : this.#addText(event.delta);
  }

  /** False where it did not fit. */
  announce(news: AnnouncedNews): boolean {
    if (this.#news.length >= mostNews) return this.#refuse();
    this.#news.push(news);
    this.#events += 1;
    return true;
  }

  ask(executionId: string): void {
    if (this.#asks.size >= mostExecutions) return;
    this.#asks.add(executionId);
    this.#events += 1;
  }

  listens(executionIds: readonly string[]): void {
    this.#listens = executionIds.slice(0, mostExecutions);
    this.#events += 1;
  }

  /** Something that was taken from here did not arrive. */
  lost(): void {
    if (!this.#isLost) this.#events += 1;
    this.#isLost = true;
  }

  /** All of it, which is here no more; null where there is nothing. */
  take(): OutgoingTold | null {
    if (this.isEmpty) return null;
    const told: Told[] = [];
    // Text first: none is told after the commit that it came before.
    for (const { piece, text } of this.#texts) {
      const { event, executionId, stepKey, attempt, offset } = piece;
      told.push([event === 'text-delta' ? 'text' : event, executionId, stepKey, attempt, offset, text]);
    }
    for (const [tenant, executions] of this.#commits) told.push(['committed', tenant, [...executions]]);
    for (const news of this.#news) told.push(['news', news]);
    if (this.#isLost) told.push(['unsure']);
    if (this.#asks.size > 0) told.push(['asks', [...this.#asks]]);
    if (this.#listens.length > 0) told.push(['listens', this.#listens]);
    const all = {
      told,
      isRequest: this.#asks.size > 0 || this.#listens.length > 0,
      events: this.#events,
      texts: new Set(this.#texts.map(({ piece }) => piece.executionId)),
    };
    this.#commits = new Map();
    this.#texts = [];
    this.#news = [];
    this.#asks = new Set();
    this.#listens = [];
    this.#isLost = false;
    this.#executions = this.#characters = this.#events = 0;
    return all;
  }

  #addCommit(tenant: string, executionId: string): boolean {
    let executions = this.#commits.get(tenant);
    if (executions?.has(executionId) === true) return true;
    if (this.#executions >= mostExecutions) return this.#refuse();
    if (executions === undefined) this.#commits.set(tenant, (executions = new Set()));
    executions.add(executionId);
    this.#executions += 1;
    this.#events += 1;
    return true;
  }

  #addText(piece: TextDelta | TextSoFar): boolean {
    if (this.#characters + piece.text.length > mostCharacters) return this.#refuse();
    this.#characters += piece.text.length;
    const last = piece.event === 'text-delta' ? this.#texts.findLast((known) => isSameCall(known.piece, piece)) : null;
    if (last != null && last.piece.offset + last.text.length === piece.offset) {
      last.text += piece.text;
      return true;
    }
    this.#texts.push({ piece, text: piece.text });
    this.#events += 1;
    return true;
  }

  #refuse(): false {
    this.lost();
    return false;
  }
}

function isSameCall(a: TextDelta | TextSoFar, b: TextDelta | TextSoFar): boolean {
  return a.executionId === b.executionId && a.stepKey === b.stepKey && a.attempt === b.attempt;
}

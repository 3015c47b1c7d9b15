import type { Clock, Timer } from '../kernel/clock.ts';
import { pop, push } from './fair-queue.ts';
import type { Draw } from './shared-buckets.ts';
import { TokenBuckets } from './token-bucket.ts';
import type { WaitingCall } from './waiting-call.ts';

interface Line<Call> {
  /** By priority, then age. */
  readonly calls: Call[];
  /** Calls that went on to wait for the provider and have not left: a token is set aside for each. */
  offered: number;
  timer: Timer | null;
}

/**
 * Where calls wait for tokens of their members.
 *
 * M1  A call goes on to the provider's queue when there is a token for it, and takes the token when it leaves: so what leaves is
 *     what the bucket allows, however long the provider's queue is.
 * M2  A line is there while somebody waits in it or has gone on from it.
 */
export class MemberLines<Call extends WaitingCall> {
  readonly #buckets: TokenBuckets | null;
  readonly #clock: Clock;
  readonly #goOn: (call: Call) => void;
  readonly #lines = new Map<string, Line<Call>>();
  #waiting = 0;

  /** `perMinute` 0 sets no limit. `goOn` hears of each call that has a token. */
  constructor(
    { perMinute, burst }: { readonly perMinute: number; readonly burst: number },
    clock: Clock,
    goOn: (call: Call) => void,
  ) {
    this.#buckets = perMinute === 0 ? null : new TokenBuckets({ perMinute, burst }, clock);
    this.#clock = clock;
    this.#goOn = goOn;
  }

  /** Calls that wait for tokens. */
  get waiting(): number {
    return this.#waiting;
  }

  add(call: Call): void {
    if (this.#buckets === null || call.ticket.isReturning) {
      this.#goOn(call);
      return;
    }
    const { memberId } = call.ticket;
    let line = this.#lines.get(memberId);
    if (line === undefined) {
      line = { calls: [], offered: 0, timer: null };
      this.#lines.set(memberId, line);
    }
    push(line.calls, call, isBefore);
    this.#waiting += 1;
    this.#advance(memberId, line);
  }

  /** The call leaves for the provider. */
  left(call: Call): void {
    if (!call.isOffered) return;
    const { memberId } = call.ticket;
    this.#buckets?.take(memberId);
    this.#settle(call, memberId);
  }

  /** The call was to leave, and did not: its token is there again. */
  giveBack({ ticket: { memberId, isReturning } }: Call): void {
    if (isReturning) return;
    this.#buckets?.giveBack(memberId);
    const line = this.#lines.get(memberId);
    if (line !== undefined) this.#advance(memberId, line);
  }

  /** What it draws where members' tokens are shared; null where it needs none. */
  drawOf({ ticket: { memberId, isReturning } }: Call): Draw | null {
    if (this.#buckets === null || isReturning) return null;
    const { capacity, tokenMs } = this.#buckets;
    return { key: `member:${memberId}`, capacity, tokenMs, tokens: 1 };
  }

  /** So many tokens its member has, as those who share them say. */
  adopt({ ticket: { memberId } }: Call, tokens: number): void {
    this.#buckets?.adopt(memberId, tokens);
    const line = this.#lines.get(memberId);
    if (line !== undefined) this.#advance(memberId, line);
  }

  /** The call does not want to leave any more. */
  gone(call: Call): void {
    const { memberId } = call.ticket;
    if (call.isOffered) {
      this.#settle(call, memberId);
      return;
    }
    const line = this.#lines.get(memberId);
    const place = line?.calls.indexOf(call) ?? -1;
    if (line === undefined || place < 0) return;
    const rest = line.calls.toSpliced(place, 1);
    line.calls.length = 0;
    for (const other of rest) push(line.calls, other, isBefore);
    this.#waiting -= 1;
    this.#advance(memberId, line);
  }

  #settle(call: Call, memberId: string): void {
    call.isOffered = false;
    const line = this.#lines.get(memberId);
    if (line === undefined) return;
    line.offered -= 1;
    this.#advance(memberId, line);
  }

  #advance(memberId: string, line: Line<Call>): void {
    const buckets = this.#buckets;
    if (buckets === null) return;
    line.timer?.cancel();
    line.timer = null;
    const onward: Call[] = [];
    while (line.calls.length > 0 && buckets.look(memberId).remaining > line.offered) {
      const call = pop(line.calls, isBefore);
      if (call === undefined) break;
      call.isOffered = true;
      line.offered += 1;
      this.#waiting -= 1;
      onward.push(call);
    }
    if (line.calls.length > 0 && line.offered === 0) {
      line.timer = this.#clock.setTimer(buckets.look(memberId).waitMs, () => this.#advance(memberId, line));
    } else if (line.calls.length === 0 && line.offered === 0) this.#lines.delete(memberId);
    // Last: who goes on may leave at once, and comes back here.
    for (const call of onward) this.#goOn(call);
  }
}

function isBefore(a: WaitingCall, b: WaitingCall): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.id < b.id);
}

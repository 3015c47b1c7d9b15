import type { Usage } from '../work/usage.ts';
import type { Reserved } from '../workflows/asker.ts';
import type { AdmittedCall } from './model-caller.ts';

/** Takes what admits an attempt from before its intent to where it leaves. */
export class Admitted {
  #call: AdmittedCall | null = null;

  /** The attempt that comes next may leave. */
  take(usage: Usage, call: AdmittedCall): Reserved {
    this.#call = call;
    return { usage, giveBack: () => call.permit.end({ kind: 'unsent' }) };
  }

  /** Makes the attempt; its place is given back whatever becomes of it. */
  async use<T>(make: (call: AdmittedCall) => Promise<T>): Promise<T> {
    const call = this.#call;
    if (call === null) throw new Error('Unreachable: no attempt leaves before it was admitted.');
    this.#call = null;
    try {
      return await make(call);
    } finally {
      call.permit.end({ kind: 'other' });
    }
  }
}

import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart, ProviderV4 } from '@ai-sdk/provider';
import { fakeProvider, wholeAnswer } from '../../agents/fake-model.ts';

/** One call of the model, which answers what the test has it say. */
export interface HeldCall {
  /** What it was sent, as JSON. */
  readonly prompt: string;
  say(text: string): void;
  /** Ends the answer in order. */
  end(): void;
}

/** A model that says nothing by itself: a test takes its calls one by one and lets each answer come piece by piece. */
export class HeldModel {
  readonly provider: ProviderV4;
  readonly #calls: HeldCall[] = [];
  readonly #waiting: ((call: HeldCall) => void)[] = [];

  constructor() {
    this.provider = fakeProvider((options) => this.#take(options));
  }

  /** The next call that nobody took; resolves when there is one. */
  next(): Promise<HeldCall> {
    const call = this.#calls.shift();
    return call === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(call);
  }

  /** Answers the next `count` calls as they come. */
  async answer(text: string, count = 1): Promise<void> {
    for (let n = 0; n < count; n++) {
      const call = await this.next();
      call.say(text);
      call.end();
    }
  }

  #take({ prompt }: LanguageModelV4CallOptions): ReadableStream<LanguageModelV4StreamPart> {
    return new ReadableStream({
      start: (stream) => {
        const [start, , finish] = wholeAnswer('');
        if (start !== undefined) stream.enqueue(start);
        const call: HeldCall = {
          prompt: JSON.stringify(prompt),
          say: (delta) => stream.enqueue({ type: 'text-delta', id: '0', delta }),
          end: () => {
            if (finish !== undefined) stream.enqueue(finish);
            stream.close();
          },
        };
        const waiting = this.#waiting.shift();
        if (waiting === undefined) this.#calls.push(call);
        else waiting(call);
      },
    });
  }
}

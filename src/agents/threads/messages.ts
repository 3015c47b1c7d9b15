import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { ProviderSettings } from '../built-in-providers.ts';
import type { SentError } from './sent-error.ts';

/** What a thread is started with. */
export interface ModelThreadData {
  readonly settings: ProviderSettings;
}

/** What a call is made with; the signal travels as a message of its own. */
export type SentOptions = Omit<LanguageModelV4CallOptions, 'abortSignal'>;

/** To the thread. Calls are numbered by whoever asks. */
export type ModelThreadOrder =
  | {
      readonly kind: 'call';
      readonly call: number;
      readonly provider: string;
      readonly model: string;
      readonly options: SentOptions;
    }
  | { readonly kind: 'abort'; readonly call: number }
  | { readonly kind: 'stop' };

/** What happened to one call. `begun`: the provider answers, with these headers. `ended`: its stream ended without an error. */
export type CallNews =
  | { readonly kind: 'begun'; readonly call: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'part'; readonly call: number; readonly part: LanguageModelV4StreamPart }
  | { readonly kind: 'error-part'; readonly call: number; readonly error: SentError }
  | { readonly kind: 'ended'; readonly call: number }
  | { readonly kind: 'failed'; readonly call: number; readonly error: SentError };

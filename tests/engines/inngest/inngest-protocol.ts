import { z } from 'zod';

/** What Inngest and its SDK say to each other over HTTP, as far as the executor of these tests does. */

/** An event, as it is sent and as a function is given it. */
export const eventSchema = z.object({
  name: z.string(),
  id: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
  ts: z.number().optional(),
});
export type SentEvent = z.infer<typeof eventSchema>;

/** A function, as the SDK tells of it. */
export const functionSchema = z.object({
  id: z.string(),
  triggers: z.array(z.object({ event: z.string(), expression: z.string().optional() })),
  steps: z.record(
    z.string(),
    z.object({
      runtime: z.object({ type: z.enum(['http', 'ws']), url: z.string() }),
      retries: z.object({ attempts: z.number() }).optional(),
    }),
  ),
  concurrency: z.array(z.object({ key: z.string(), limit: z.literal(1) })).optional(),
});
export type ServedFunction = z.infer<typeof functionSchema>;

export const registrationSchema = z.object({ appName: z.string(), functions: z.array(functionSchema) });

/** What the SDK answers where a function has not come to its end: one entry for each step it wants something for. */
export const opsSchema = z.array(
  z.object({
    id: z.string(),
    op: z.enum(['StepRun', 'StepError', 'StepFailed', 'Sleep']),
    name: z.string().optional(),
    data: z.unknown().optional(),
    error: z.unknown().optional(),
  }),
);
export type StepOp = z.infer<typeof opsSchema>[number];

/** One call of a function: its event, and the results of the steps that it has done. */
export interface FunctionCall {
  readonly version: 2;
  readonly event: SentEvent;
  readonly events: readonly SentEvent[];
  readonly steps: Readonly<Record<string, unknown>>;
  readonly ctx: {
    readonly run_id: string;
    readonly fn_id: string;
    readonly attempt: number;
    readonly max_attempts: number;
    readonly qi_id: string;
    readonly disable_immediate_execution: false;
    readonly use_api: false;
    readonly stack: { readonly stack: readonly string[]; readonly current: number };
  };
}

/** How a call was answered. */
export interface CallAnswer {
  /** 200: it has ended; 206: `body` is what it wants; anything else: it failed. */
  readonly status: number;
  readonly body: unknown;
  readonly mayRetry: boolean;
}

/** The way to a function: rejects where nobody answers. */
export type Caller = (called: ServedFunction, call: FunctionCall) => Promise<CallAnswer>;

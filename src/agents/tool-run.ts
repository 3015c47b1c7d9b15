import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { formatDuration } from '../kernel/duration.ts';
import type { AnyTool, ToolContext } from '../workflows/tool.ts';

/** Runs a tool and stops waiting for it when its time is up, whether it listens to its signal or not. */
export async function runTool(
  tool: AnyTool,
  input: unknown,
  context: ToolContext,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<unknown> {
  const controller = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (reason: unknown): void => {
    controller.abort(reason);
    reject(reason);
  };
  const timer = clock.setTimer(timeoutMs, () => {
    const message = `${tool.name} gave no result within ${formatDuration(timeoutMs)}; whether it took effect is not known.`;
    stop(new SquadraError('TOOL_TIMEOUT', message, { details: { tool: tool.name, timeoutMs, mayHaveRun: true } }));
  });
  const follow = (): void => stop(context.signal.reason);
  if (context.signal.aborted) follow();
  else context.signal.addEventListener('abort', follow, { once: true });
  try {
    // The caller checked the input by the tool's own schema.
    const result = Promise.try(() => {
      controller.signal.throwIfAborted();
      return tool.run(input as never, { ...context, signal: controller.signal });
    });
    return await Promise.race([result, stopped]);
  } finally {
    timer.cancel();
    context.signal.removeEventListener('abort', follow);
    // Nobody may be left to hear of it.
    stopped.catch(() => {});
  }
}

import type { Clock } from '../../kernel/clock.ts';
import type { Logger, LogLevel } from '../../telemetry/logger.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import type { RunWatcher, WatchRun } from '../../workflows/run-watcher.ts';
import { RunSpans } from '../../workflows/tracing/run-spans.ts';
import { RunLog } from './run-log.ts';

/** What runs are watched with. */
export interface WatchingParts {
  readonly tracing: Tracing;
  readonly logger: Logger;
  readonly logLevel: LogLevel;
  readonly clock: Clock;
}

const tellingLevels: readonly LogLevel[] = ['info', 'debug', 'trace'];

/** Who watches the runs of this process: nobody, where nothing is traced and little is logged. */
export function watchRuns({ tracing, logger, logLevel, clock }: WatchingParts): WatchRun {
  const isTold = tellingLevels.includes(logLevel);
  if (!tracing.isOn && !isTold) return () => null;
  return ({ execution }, history, trace) => {
    const isTraced = tracing.isOn && trace.isSampled;
    const spans = isTraced ? new RunSpans({ tracing, clock }, execution, history, trace) : null;
    const log = isTold ? new RunLog(logger, execution, trace.traceId) : null;
    return spans === null || log === null ? (spans ?? log) : both(spans, log);
  };
}

function both(first: RunWatcher, second: RunWatcher): RunWatcher {
  return {
    asked: (ask) => first.asked(ask),
    working: (key, describe) => first.working(key, describe),
    attempted: (key, attempt, perform) => first.attempted(key, attempt, perform),
    committed: (commit) => {
      first.committed(commit);
      second.committed(commit);
    },
    over: (reason) => first.over(reason),
  };
}

import { minuteOf } from './minute.ts';

/** The average and the highest of several samples. */
export interface Level {
  readonly average: number;
  readonly highest: number;
}

/** How busy the machine was in a minute, counted from the epoch. CPU and memory in percent. */
export interface ResourceMinute {
  readonly minute: number;
  readonly samples: number;
  readonly cpu: Level;
  readonly memory: Level;
  readonly loopDelayMs: Level;
}

/** A reading and its time, in epoch milliseconds. */
export interface TimedReading {
  readonly at: number;
  readonly cpu: number;
  readonly memory: number;
  readonly loopDelayMs: number;
}

/** Samples by minute, oldest first. */
export function resourceMinutes(samples: readonly TimedReading[]): readonly ResourceMinute[] {
  return [...Map.groupBy(samples, ({ at }) => minuteOf(at))].map(([minute, of]) => ({
    minute,
    samples: of.length,
    cpu: levelOf(of.map(({ cpu }) => cpu)),
    memory: levelOf(of.map(({ memory }) => memory)),
    loopDelayMs: levelOf(of.map(({ loopDelayMs }) => loopDelayMs)),
  }));
}

function levelOf(values: readonly number[]): Level {
  return { average: values.reduce((sum, value) => sum + value, 0) / values.length, highest: Math.max(...values) };
}

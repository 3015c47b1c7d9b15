import { getHeapStatistics } from 'node:v8';
import type { MetricRow } from './metric-table.ts';

/** What the process as a whole uses, under the names that are customary for it. */
export const processRows: readonly MetricRow<unknown>[] = [
  {
    name: 'process_cpu_seconds_total',
    help: 'CPU time of the process, user and system, all threads.',
    type: 'counter',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  },
  {
    name: 'process_start_time_seconds',
    help: 'When the process started, in seconds since the epoch.',
    type: 'gauge',
    read: () => performance.timeOrigin / 1e3,
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Memory of the process that is in RAM.',
    type: 'gauge',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'nodejs_heap_size_used_bytes',
    help: 'Memory of the JavaScript heap that is in use.',
    type: 'gauge',
    read: () => process.memoryUsage().heapUsed,
  },
  {
    name: 'nodejs_heap_size_limit_bytes',
    help: 'What the JavaScript heap may grow to.',
    type: 'gauge',
    read: () => getHeapStatistics().heap_size_limit,
  },
];

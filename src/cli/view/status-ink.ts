import type { ExecutionStatus } from '../../work/execution.ts';
import type { Ink } from './ink.ts';

/** The colour of a status: green is over and well, red is over and not, yellow waits for somebody. */
export function inkOf(status: ExecutionStatus, ink: Ink): (text: string) => string {
  switch (status) {
    case 'completed':
      return ink.green;
    case 'failed':
      return ink.red;
    case 'waiting':
    case 'created':
      return ink.yellow;
    case 'running':
    case 'queued':
      return ink.cyan;
    case 'cancelled':
      return ink.dim;
  }
}

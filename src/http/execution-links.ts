import type { ExecutionStatus } from '../work/execution.ts';

/** The address of an execution. */
export function executionAddress(id: string): string {
  return `/api/v1/executions/${id}`;
}

/** What is told of an execution that something was done to: how it stands, and where more is to be had. */
export function accepted(id: string, status: ExecutionStatus) {
  const self = executionAddress(id);
  return { id, status, links: { self, events: `${self}/events`, messages: `${self}/messages` } };
}

/**
 * The places where a crash is worth proving: before and after each commit that the contract depends on.
 * Tests inject a `Faults` that kills the process at one of them; in production `noFaults` does nothing.
 */
export const faultPoints = [
  'submit.before',
  'submit.after',
  'intent.before',
  'intent.after',
  'step.before',
  'step.after',
  'park.before',
  'park.after',
  'wake.before',
  'wake.after',
  'signal.before',
  'signal.after',
  'cancel.before',
  'cancel.after',
  'retry.before',
  'retry.after',
  'finish.before',
  'finish.after',
  'claim.before',
  'claim.after',
] as const;

/** One of `faultPoints`. */
export type FaultPoint = (typeof faultPoints)[number];

/** Told each time the code passes a fault point. */
export interface Faults {
  at(point: FaultPoint): void;
}

/** What production runs with: nothing happens at any point. */
export const noFaults: Faults = { at: () => {} };

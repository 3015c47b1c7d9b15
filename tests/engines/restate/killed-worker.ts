import { advanceObject } from '../../../src/engines/restate/advance-object.ts';
import { RestateEngine } from '../../../src/engines/restate/restate-engine.ts';
import { WorkerEndpoint } from '../../../src/engines/restate/worker-endpoint.ts';
import { systemClock } from '../../../src/kernel/clock.ts';

// A worker that says what it began and never comes to its end.
const engine = new RestateEngine(
  { maxConcurrentExecutions: 10 },
  {
    clock: systemClock,
    onRunnable: () => {},
    queue: () => ({ ready: 0, queued: 0, taken: 0, sleeping: 0 }),
    look: () => Promise.resolve(null),
    order: () => Promise.resolve(),
  },
);
engine.serve(({ id }) => {
  process.send?.({ began: id });
  return new Promise(() => {});
});
const object = advanceObject({ maxSliceMs: 3_600_000, longestStepMs: 3_600_000 }, (order) => engine.perform(order));
const settings = { workerHost: '127.0.0.1', workerPort: 0, restateIdentityKeys: [] };
const { port } = await WorkerEndpoint.listen(settings, { object, onProblem: () => {} });
process.send?.({ port });

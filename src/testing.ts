export type { ModelBehaviour } from './testing/model-server/behaviour.ts';
export { startModelServer } from './testing/model-server/model-server.ts';
export type { ModelServer, ModelServerOptions } from './testing/model-server/model-server.ts';
export type { CallLogLine, CallPhase, ReceivedCall } from './testing/model-server/served-call.ts';
export { settle, TestClock } from './testing/test-clock.ts';

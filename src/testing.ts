export type { CrashPoint } from './testing/crash.ts';
export type { ModelBehaviour } from './testing/model-server/behaviour.ts';
export { startModelServer } from './testing/model-server/model-server.ts';
export type { ModelServer, ModelServerOptions } from './testing/model-server/model-server.ts';
export type { CallLogLine, CallPhase, ReceivedCall } from './testing/model-server/served-call.ts';
export type { AskedApproval, PreparedAnswer } from './testing/prepared-answers.ts';
export { runToEnd } from './testing/run-to-end.ts';
export type { EndedRun, RunToEndOptions } from './testing/run-to-end.ts';
export type {
  ScriptedAnswer,
  ScriptedAnswerParts,
  ScriptedFailure,
  ScriptedToolCall,
} from './testing/scripted-answer.ts';
export { scriptedModel } from './testing/scripted-model.ts';
export type { Script, ScriptedCall, ScriptedModel, ScriptedModelOptions } from './testing/scripted-model.ts';
export { settle, TestClock } from './testing/test-clock.ts';

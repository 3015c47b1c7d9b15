import { accessSettings } from './access-settings.ts';
import { fleetSettings } from './fleet-settings.ts';
import { flowSettings } from './flow-settings.ts';
import { httpSettings } from './http-settings.ts';
import { metricSettings } from './metric-settings.ts';
import { providerSettings } from './provider-settings.ts';
import { choiceSetting, durationSetting, hostListSetting, numberSetting, sizeSetting, textSetting } from './setting.ts';
import { traceSettings } from './trace-settings.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

/** Every setting there is: the only place of names, defaults, units and bounds. The reference page is generated from it. */
export const settingTable = {
  stateDir: textSetting({
    env: 'SQUADRA_STATE_DIR',
    default: '.squadra',
    unit: 'path',
    doc: 'The folder that holds everything Squadra remembers: the database and the workspaces; `--state-dir` on the command line. Put it on a local disk, not a network share.',
  }),
  logLevel: choiceSetting({
    env: 'SQUADRA_LOG_LEVEL',
    default: 'warn',
    choices: ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'],
    doc: 'The least important log line that is still written. `info` tells what starts and ends, `debug` what happens between.',
  }),
  shutdownGraceMs: durationSetting({
    env: 'SQUADRA_SHUTDOWN_GRACE',
    default: '30s',
    min: '0s',
    max: '1h',
    doc: 'How long a stop (SIGTERM, Ctrl-C) lets running steps finish. What is not done by then resumes at the next start. Keep it below the time after which your supervisor kills.',
  }),

  maxConcurrentExecutions: numberSetting({
    env: 'SQUADRA_MAX_CONCURRENT_EXECUTIONS',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: 'executions',
    doc: 'Executions that run at the same time. The others are queued; those that wait for a person, a signal or a time do not count.',
  }),
  maxQueuedExecutions: numberSetting({
    env: 'SQUADRA_MAX_QUEUED_EXECUTIONS',
    default: 100_000,
    min: 1,
    max: 10_000_000,
    unit: 'executions',
    doc: 'Executions that may stand in the queue. New ones are refused (QUEUE_FULL) from the backpressure threshold on.',
  }),
  backpressureThreshold: numberSetting({
    env: 'SQUADRA_BACKPRESSURE_THRESHOLD',
    default: 0.8,
    min: 0.01,
    max: 1,
    fractions: true,
    unit: 'share',
    doc: 'The share of maxQueuedExecutions from which new executions are refused: 0.8 of 100000 refuses while 80000 or more are queued.',
  }),
  maxConcurrentModelCalls: numberSetting({
    env: 'SQUADRA_MAX_CONCURRENT_MODEL_CALLS',
    default: 2000,
    min: 1,
    max: 100_000,
    unit: 'calls',
    doc: 'Model calls in flight at the same time; further calls wait their turn. How many a provider bears is learnt; this is never passed.',
  }),
  agentPoolSize: numberSetting({
    env: 'SQUADRA_AGENT_POOL_SIZE',
    default: 100,
    min: 1,
    max: 100_000,
    unit: 'agents',
    doc: 'Agents kept ready, by member and version; the least recently used leave first. Making one takes microseconds, the first one of a model less than a millisecond.',
  }),
  maxSteps: numberSetting({
    env: 'SQUADRA_MAX_STEPS',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: 'steps',
    doc: 'Steps one execution may take before it fails with TOO_MANY_STEPS: the stop for a loop that never ends.',
  }),
  stepTimeoutMs: durationSetting({
    env: 'SQUADRA_STEP_TIMEOUT',
    default: '10m',
    min: '1ms',
    max: '30d',
    doc: 'How long one attempt of a step may take unless the step sets its own timeout. The attempt is aborted and tried again.',
  }),
  stallTimeoutMs: durationSetting({
    env: 'SQUADRA_STALL_TIMEOUT',
    default: '60s',
    min: '10ms',
    max: '1d',
    doc: 'How long a workflow may await something that is not a step before it fails with EXECUTION_STALLED.',
  }),

  maxInputBytes: sizeSetting({
    env: 'SQUADRA_MAX_INPUT_BYTES',
    default: mebibyte,
    min: 1,
    max: 256 * mebibyte,
    doc: 'The largest input, message, signal payload or metadata that is accepted. Larger ones fail with PAYLOAD_TOO_LARGE.',
  }),
  maxResultBytes: sizeSetting({
    env: 'SQUADRA_MAX_RESULT_BYTES',
    default: 4 * mebibyte,
    min: 1,
    max: 256 * mebibyte,
    doc: 'The largest result of a step or of a workflow. Larger ones fail with RESULT_TOO_LARGE; large content belongs into a file.',
  }),
  maxJournalBytes: sizeSetting({
    env: 'SQUADRA_MAX_JOURNAL_BYTES',
    default: 64 * mebibyte,
    min: kibibyte,
    max: gibibyte,
    doc: 'All results of one execution together; it bounds the memory that a replay takes. Beyond it the execution fails with JOURNAL_TOO_LARGE.',
  }),
  maxWorkspaceBytes: sizeSetting({
    env: 'SQUADRA_MAX_WORKSPACE_BYTES',
    default: 64 * mebibyte,
    min: kibibyte,
    max: 64 * gibibyte,
    doc: "All files of one execution's workspace together. A write beyond it is refused, and the member is told.",
  }),
  retentionDays: numberSetting({
    env: 'SQUADRA_RETENTION_DAYS',
    default: 90,
    min: 0,
    max: 36_525,
    fractions: true,
    unit: 'days',
    doc: 'Completed and cancelled executions are deleted this long after their end, with the files in their workspaces; failed ones are kept. 0 keeps everything, fractions are allowed (0.5 is twelve hours).',
  }),

  maxPendingWrites: numberSetting({
    env: 'SQUADRA_MAX_PENDING_WRITES',
    default: 20_000,
    min: 1,
    max: 1_000_000,
    unit: 'writes',
    doc: 'Writes that may wait for the disk. Beyond it they are refused (WRITES_SATURATED) instead of filling the memory.',
  }),
  readers: numberSetting({
    env: 'SQUADRA_READERS',
    default: 2,
    min: 1,
    max: 16,
    unit: 'threads',
    doc: 'Threads that answer lists and reports. More help when many such queries run at once on a machine with free cores.',
  }),
  readerTimeoutMs: durationSetting({
    env: 'SQUADRA_READER_TIMEOUT',
    default: '5s',
    min: '1ms',
    max: '10m',
    doc: 'How long a query waits for a free reader before it is refused (POOL_EXHAUSTED).',
  }),
  commitDelayMs: numberSetting({
    env: 'SQUADRA_COMMIT_DELAY_MS',
    default: 0,
    min: 0,
    max: 1000,
    unit: 'milliseconds',
    doc: 'Time added to every commit, to see how a system behaves on a slow disk. For tests and measurements; leave it at 0.',
  }),

  ...flowSettings,
  ...httpSettings,
  ...accessSettings,
  ...metricSettings,
  ...traceSettings,
  ...fleetSettings,

  fetchAllow: hostListSetting({
    env: 'SQUADRA_FETCH_ALLOW',
    doc: 'What the tool `fetch_url` may read. A host is reached only at public addresses, or at those of a range listed here. Without it the tool refuses every page.',
  }),

  ...providerSettings,

  askTimeoutMs: durationSetting({
    env: 'SQUADRA_ASK_TIMEOUT',
    default: '4h',
    min: '1ms',
    max: '30d',
    doc: 'How long an agent may work on one ask, all its model and tool calls together, before it fails with ASK_TIMEOUT. The time in which it waits for a person does not count; the time in which nothing runs does.',
  }),
  maxModelCallsPerAsk: numberSetting({
    env: 'SQUADRA_MAX_MODEL_CALLS_PER_ASK',
    default: 50,
    min: 1,
    max: 10_000,
    unit: 'calls',
    doc: 'Model calls an agent may make for one ask before it fails with STEP_LIMIT. Each round of tool calls takes one.',
  }),
  maxToolCallsPerAsk: numberSetting({
    env: 'SQUADRA_MAX_TOOL_CALLS_PER_ASK',
    default: 200,
    min: 1,
    max: 10_000,
    unit: 'calls',
    doc: 'Tool calls an agent may ask for in one ask. An answer that asks for more is dropped, and the ask fails with TOOL_CALL_LIMIT.',
  }),
  maxRepeatedCalls: numberSetting({
    env: 'SQUADRA_MAX_REPEATED_CALLS',
    default: 5,
    min: 1,
    max: 10_000,
    unit: 'calls',
    doc: 'How often in a row an agent may make the same tool call with the same arguments; one more fails with REPEATED_CALL. Raise it for tools that are asked again and again until something has happened.',
  }),
  maxDelegationDepth: numberSetting({
    env: 'SQUADRA_MAX_DELEGATION_DEPTH',
    default: 3,
    min: 0,
    max: 20,
    unit: 'levels',
    doc: 'How deep agents may ask each other: 1 lets a member ask a colleague who asks nobody. One level more fails with DELEGATION_DEPTH.',
  }),
  maxToolResultBytes: sizeSetting({
    env: 'SQUADRA_MAX_TOOL_RESULT_BYTES',
    default: 64 * kibibyte,
    min: 256,
    max: 256 * mebibyte,
    doc: 'How much of what a tool gives back the model reads. Of more it reads the beginning; the whole is kept as a file in the workspace.',
  }),
  contextWindow: numberSetting({
    env: 'SQUADRA_CONTEXT_WINDOW',
    default: 0,
    min: 0,
    max: 100_000_000,
    unit: 'tokens',
    doc: 'How much a model can read and write in one call. 0 takes what the price list knows of the model; set it for models that the list does not have.',
  }),
  compactAt: numberSetting({
    env: 'SQUADRA_COMPACT_AT',
    default: 0.8,
    min: 0,
    max: 1,
    fractions: true,
    unit: 'share',
    doc: 'The share of the context window from which the earlier turns of an ask are replaced by a summary, which is a model call of its own. 0 never does; then a conversation that grows too long fails with CONTEXT_OVERFLOW.',
  }),
};

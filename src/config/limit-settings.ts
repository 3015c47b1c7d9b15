import { durationSetting, numberSetting, optionalNumberSetting } from './setting.ts';

/** What the HTTP interface bears before it refuses, and what is kept in memory. */
export const limitSettings = {
  rateLimitPerMinute: optionalNumberSetting({
    env: 'SQUADRA_RATE_LIMIT_PER_MINUTE',
    min: 0,
    max: 10_000_000,
    unit: 'requests',
    doc: 'Requests a minute that each key, or each address without one, may make in the long run; more are refused with 429. 0 sets no limit. Where nothing is said it is 6000, and 0 in the open mode, in which nobody signs in.',
  }),
  rateLimitBurst: numberSetting({
    env: 'SQUADRA_RATE_LIMIT_BURST',
    default: 1_000,
    min: 0,
    max: 10_000_000,
    unit: 'requests',
    doc: "Requests that may come at once beyond a minute's worth: a key that rested has SQUADRA_RATE_LIMIT_PER_MINUTE plus this many.",
  }),
  failedAuthPerMinute: numberSetting({
    env: 'SQUADRA_FAILED_AUTH_PER_MINUTE',
    default: 600,
    min: 0,
    max: 10_000_000,
    unit: 'requests',
    doc: 'Requests with a wrong key or token that may come from one address in a minute; then everything from there is refused with 429 until some time has passed. 0 sets no limit.',
  }),
  maxLoopDelayMs: durationSetting({
    env: 'SQUADRA_MAX_LOOP_DELAY',
    default: '2s',
    min: '0s',
    max: '10m',
    doc: 'New executions are refused with 503 while the process comes to its work later than this, on average over a second. 0s never refuses for it.',
  }),
  maxSubmissionWaitMs: durationSetting({
    env: 'SQUADRA_MAX_SUBMISSION_WAIT',
    default: '250ms',
    min: '0s',
    max: '10m',
    doc: 'New executions are refused with 503 while the oldest one that has come and is not answered waits for longer than this. As many as SQUADRA_MAX_CONCURRENT_EXECUTIONS are taken all the same, if none was within the last minute. Longer makes answers slower when more comes than the process can do; set it above what a commit takes on a slow disk. 0s never refuses for it.',
  }),
  maxHeapShare: numberSetting({
    env: 'SQUADRA_MAX_HEAP_SHARE',
    default: 0.9,
    min: 0,
    max: 1,
    fractions: true,
    unit: 'share',
    doc: 'New executions are refused with 503 while more than this share of the memory that Node may use (--max-old-space-size) is in use. 0 never refuses for it.',
  }),
  cacheEntries: numberSetting({
    env: 'SQUADRA_CACHE_ENTRIES',
    default: 5_000,
    min: 0,
    max: 1_000_000,
    unit: 'entries',
    doc: 'Entries of each kind (squads, members, prompts, users, reports of cost) that are kept in memory. 0 keeps nothing, and reads everything anew.',
  }),
};

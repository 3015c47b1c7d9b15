import {
  addressListSetting,
  databaseSetting,
  devServerSetting,
  keyListSetting,
  natsSetting,
  redisSetting,
} from './server-setting.ts';
import { choiceSetting, durationSetting, nameSetting, numberSetting } from './setting.ts';
import { secretSetting, textSetting, urlSetting } from './setting.ts';

/** What makes one process a part of a fleet: which part, on which database, and on which engine. */
export const fleetSettings = {
  role: choiceSetting({
    env: 'SQUADRA_ROLE',
    default: 'all',
    choices: ['all', 'api', 'worker'],
    doc: 'What this process does: `api` answers over HTTP and hands work over, `worker` does the work, `all` is both. The other two need a fleet (DATABASE_URL, SQUADRA_ENGINE).',
  }),
  engine: choiceSetting({
    env: 'SQUADRA_ENGINE',
    default: 'auto',
    choices: ['auto', 'embedded', 'restate', 'inngest'],
    doc: 'Who sees to it that executions run: `embedded` is this one process, on the files of its state folder, whatever DATABASE_URL says; `restate` and `inngest` (preview) are a fleet. `auto` is `embedded`, and refuses to start where DATABASE_URL is set.',
  }),
  databaseUrl: databaseSetting({
    env: 'DATABASE_URL',
    doc: 'The PostgreSQL of a fleet, directly or through a pooler in transaction mode: `postgres://user:password@host:5432/squadra`. Set it together with SQUADRA_ENGINE.',
  }),
  databaseConnections: numberSetting({
    env: 'SQUADRA_DATABASE_CONNECTIONS',
    default: 10,
    min: 2,
    max: 1_000,
    unit: 'connections',
    doc: 'Connections that one process opens to the database at most. All processes together should stay below what the database, or the pooler before it, lets in.',
  }),
  databaseTimeoutMs: durationSetting({
    env: 'SQUADRA_DATABASE_TIMEOUT',
    default: '10s',
    min: '100ms',
    max: '10m',
    doc: 'How long an operation waits for a free connection, and then for its answer, before it fails and is tried again.',
  }),
  restateIngressUrl: addressListSetting({
    env: 'RESTATE_INGRESS_URL',
    doc: 'Where Restate takes calls (port 8080 of its nodes); several nodes of a cluster separated by commas: the next is asked where one does not answer. Calls go over HTTP/2 (without TLS, too), which a proxy in between has to pass on.',
  }),
  restateAdminUrl: addressListSetting({
    env: 'RESTATE_ADMIN_URL',
    doc: 'Where Restate is told of workers (port 9070 of its nodes), for processes that do work.',
  }),
  natsUrl: natsSetting({
    env: 'NATS_URL',
    doc: 'The NATS over which the processes of a fleet tell each other what happens: `nats://user:password@host:4222` (`tls://` for TLS; a user without a password is a token), several servers separated by commas. Nothing is kept there. Without it they tell each other over the database.',
  }),
  redisUrl: redisSetting({
    env: 'REDIS_URL',
    doc: 'The Redis in which the processes of a fleet keep what they have read, for each other, and the limits of requests, members and models that they keep to together: `redis://user:password@host:6379` (`rediss://` for TLS). All of it can be lost at any time. Without it each process does both by itself.',
  }),
  workerHost: textSetting({
    env: 'SQUADRA_WORKER_HOST',
    default: '127.0.0.1',
    unit: 'address',
    doc: 'Where a worker listens for its engine. Only that should reach it.',
  }),
  workerPort: numberSetting({
    env: 'SQUADRA_WORKER_PORT',
    default: 9080,
    min: 0,
    max: 65_535,
    unit: 'port',
    doc: 'The port on which a worker listens for Restate, over HTTP/2, or for Inngest where SQUADRA_INNGEST_TRANSPORT is `serve`; 0 takes any that is free.',
  }),
  workerUrl: urlSetting({
    env: 'SQUADRA_WORKER_URL',
    doc: 'The one address under which the engine reaches all workers of this version: a proxy that spreads calls over them, or a Service. Without it the worker tells its own, which is right for a single worker.',
  }),
  codeVersion: nameSetting({
    env: 'SQUADRA_CODE_VERSION',
    unit: 'name',
    doc: 'Names the workflows and the Squadra that a worker runs. Workers of one version share one address; give each new version another one, so that what runs comes to its end where it began. Without it: the version of Squadra.',
  }),
  restateIdentityKeys: keyListSetting({
    env: 'RESTATE_IDENTITY_KEYS',
    doc: 'Public keys (`publickeyv1_…`, separated by commas) with one of which Restate signs what it sends to workers. Without them a worker believes whoever reaches its port.',
  }),
  inngestEventKey: secretSetting({
    env: 'INNGEST_EVENT_KEY',
    doc: 'With what this process may send events to Inngest.',
  }),
  inngestSigningKey: secretSetting({
    env: 'INNGEST_SIGNING_KEY',
    doc: 'With what a worker signs in to Inngest, and knows that a call comes from it.',
  }),
  inngestBaseUrl: urlSetting({
    env: 'INNGEST_BASE_URL',
    doc: 'Where an Inngest of your own is. Without it: Inngest Cloud, or the dev server where INNGEST_DEV is set.',
  }),
  inngestDev: devServerSetting({
    env: 'INNGEST_DEV',
    doc: 'Talk to a dev server of Inngest, which asks for no keys: `1`, or its address where that is not http://localhost:8288. Whoever reaches that server, or a worker of it, can order anything: not for production.',
  }),
  inngestTransport: choiceSetting({
    env: 'SQUADRA_INNGEST_TRANSPORT',
    default: 'connect',
    choices: ['connect', 'serve'],
    doc: 'How Inngest reaches a worker: over a connection that the worker opens (`connect`), or by calls to `/api/inngest` on SQUADRA_WORKER_PORT (`serve`).',
  }),
  maxInFlight: numberSetting({
    env: 'SQUADRA_MAX_IN_FLIGHT',
    default: 1_000,
    min: 1,
    max: 1_000_000,
    unit: 'executions',
    doc: 'Executions of the whole fleet that the engine has in hand at the same time; the others wait in the database, in fair order. Those that wait for a person, a signal or a time do not count.',
  }),
  maxSliceMs: durationSetting({
    env: 'SQUADRA_MAX_SLICE',
    default: '1m',
    min: '1s',
    max: '1h',
    doc: 'How long the engine lets an execution run in one piece: after that it stops at the end of a step and goes on where there is room.',
  }),
};

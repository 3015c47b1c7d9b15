import type { Inngest, InngestFunction } from 'inngest';
import type { InngestClientSettings } from '../../../src/engines/inngest/inngest-client.ts';
import { ServeEndpoint } from '../../../src/engines/inngest/serve-endpoint.ts';
import { registerFunctions } from '../../../src/engines/inngest/serve-registration.ts';
import { WorkerConnection } from '../../../src/engines/inngest/worker-connection.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { Clock } from '../../../src/kernel/clock.ts';
import type { SentEvent } from './inngest-protocol.ts';
import { InngestServer } from './inngest-server.ts';

/** An Inngest as a stage needs it, with the way to the worker. */
export interface StageInngest extends AsyncDisposable {
  readonly settings: InngestClientSettings;
  /** Whether it sleeps on the clock of a play; otherwise it is called again at the time. */
  readonly sleepsOnClock: boolean;
  /** Brings the functions of the worker to it. */
  bring(client: Inngest, functions: readonly InngestFunction.Like[]): Promise<void>;
}

/** Keys as Inngest gives them. */
export const testKeys = { eventKey: 'test-event-key', signingKey: `signkey-test-${'0123456789abcdef'.repeat(4)}` };

type ClockOf = (event: SentEvent) => Clock;
type Transport = 'connect' | 'serve';

/** Where a real Inngest is, and its keys. */
export interface RealInngest {
  readonly url: string;
  readonly eventKey: string | null;
  readonly signingKey: string | null;
}

/** The executor of these tests, which calls the SDK's handler over HTTP, signed. */
export function overHttp(clockOf: ClockOf): Promise<StageInngest> {
  return onExecutor(clockOf, 'serve');
}

/** The executor of these tests, which calls the SDK over the connection that this opens. */
export function overConnection(clockOf: ClockOf): Promise<StageInngest> {
  return onExecutor(clockOf, 'connect');
}

/** A real one, which sleeps on its own clock. Without keys it is a dev server. */
export async function onServer(server: RealInngest, transport: Transport): Promise<StageInngest> {
  const opened = new AsyncDisposableStack();
  const { url, eventKey, signingKey } = server;
  const inngestDev = signingKey === null ? url : null;
  return {
    settings: { ...testSettings(url), inngestDev, inngestEventKey: eventKey, inngestSigningKey: signingKey },
    sleepsOnClock: false,
    bring: (client, functions) => bring({ client, functions }, transport, opened),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function onExecutor(clockOf: ClockOf, transport: Transport): Promise<StageInngest> {
  const opened = new AsyncDisposableStack();
  const server = opened.use(await InngestServer.start({ ...testKeys, clockOf, retryMs: 0, givesUp: false }));
  return {
    settings: testSettings(server.url),
    sleepsOnClock: true,
    bring: (client, functions) => bring({ client, functions }, transport, opened),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Resolves when Inngest knows of the functions. */
async function bring(
  parts: { readonly client: Inngest; readonly functions: readonly InngestFunction.Like[] },
  transport: Transport,
  opened: AsyncDisposableStack,
): Promise<void> {
  if (transport === 'connect') {
    const connection = opened.use(
      await WorkerConnection.open({ ...parts, places: 1_000, clock: systemClock, onProblem: fail }),
    );
    while (!connection.isConnected) await new Promise((resolve) => setTimeout(resolve, 10));
    return;
  }
  const settings = { workerHost: '127.0.0.1', workerPort: 0, workerUrl: null };
  const endpoint = opened.use(await ServeEndpoint.listen(settings, parts));
  await registerFunctions(endpoint.ownUrl, systemClock, AbortSignal.timeout(30_000), fail);
}

/** As a process has them that runs on that Inngest. */
export function testSettings(url: string): InngestClientSettings {
  const { eventKey, signingKey } = testKeys;
  return {
    inngestBaseUrl: url,
    inngestDev: null,
    inngestEventKey: eventKey,
    inngestSigningKey: signingKey,
    codeVersion: null,
  };
}

function fail(problem: string): void {
  throw new Error(problem);
}

import type { Advance } from '../../../src/engines/engine.ts';
import { agentFunctions } from '../../../src/engines/inngest/agent-functions.ts';
import { openInngestClient } from '../../../src/engines/inngest/inngest-client.ts';
import { InngestEngine } from '../../../src/engines/inngest/inngest-engine.ts';
import { InngestHandover } from '../../../src/engines/inngest/inngest-handover.ts';
import { ServeEndpoint } from '../../../src/engines/inngest/serve-endpoint.ts';
import { registerFunctions } from '../../../src/engines/inngest/serve-registration.ts';
import { WorkerConnection } from '../../../src/engines/inngest/worker-connection.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { Execution } from '../../../src/work/execution.ts';
import { InngestServer } from './inngest-server.ts';
import { testKeys, testSettings } from './stage-inngest.ts';

type Look = Pick<Execution, 'epoch' | 'status' | 'wakeAt'> | null;

export interface WorkerOptions {
  readonly look?: (id: string) => Look;
  readonly signingKey?: string;
  readonly transport?: 'connect' | 'serve';
  readonly places?: number;
}

export interface Worker {
  readonly engine: InngestEngine;
  readonly connection: WorkerConnection | null;
  readonly endpoint: ServeEndpoint | null;
  /** Said by the SDK and by the worker. */
  readonly problems: string[];
  /** Ids of what it advanced, in order. */
  readonly begun: string[];
  /** Resolves when it has begun so many. */
  until(count: number): Promise<void>;
}

/** An Inngest of the tests' own, and what a fleet has of it, on the clock of the world. */
export class InngestRig implements AsyncDisposable {
  readonly server: InngestServer;
  readonly #opened: AsyncDisposableStack;
  readonly #handover: InngestHandover;

  private constructor(server: InngestServer, handover: InngestHandover, opened: AsyncDisposableStack) {
    this.server = server;
    this.#handover = handover;
    this.#opened = opened;
  }

  static async open(): Promise<InngestRig> {
    const opened = new AsyncDisposableStack();
    const server = opened.use(
      await InngestServer.start({ ...testKeys, clockOf: () => systemClock, retryMs: 20, givesUp: true }),
    );
    const client = await openInngestClient(testSettings(server.url), () => {});
    const look = async (_: string, id: string) => (id === 'deleted' ? null : { squadId: 'squad-1', userId: 'ada' });
    return new InngestRig(server, new InngestHandover({ client, look }), opened);
  }

  async worker(advance: Advance, options: WorkerOptions = {}): Promise<Worker> {
    const { look = () => null, signingKey = testKeys.signingKey, transport = 'serve', places = 10 } = options;
    const problems: string[] = [];
    const begun: string[] = [];
    const onBegin: (() => void)[] = [];
    const onProblem = (problem: string): void => void problems.push(problem);
    const client = await openInngestClient(
      { ...testSettings(this.server.url), inngestSigningKey: signingKey },
      onProblem,
    );
    const engine = new InngestEngine(
      { maxConcurrentExecutions: places },
      {
        clock: systemClock,
        onRunnable: () => {},
        queue: () => ({ ready: 0, queued: 0, taken: 0, sleeping: 0 }),
        look: async (_, id) => look(id),
      },
    );
    engine.serve((runnable, begins) => {
      begun.push(runnable.id);
      for (const tell of onBegin.splice(0)) tell();
      return advance(runnable, begins);
    });
    const functions = agentFunctions(client, (order) => engine.perform(order));
    const until = async (count: number): Promise<void> => {
      while (begun.length < count) await new Promise<void>((resolve) => onBegin.push(resolve));
    };
    if (transport === 'connect') {
      const parts = { client, functions, places, clock: systemClock, onProblem };
      const connection = this.#opened.use(await WorkerConnection.open(parts));
      engine.receiveFrom(connection);
      return { engine, connection, endpoint: null, problems, begun, until };
    }
    const settings = { workerHost: '127.0.0.1', workerPort: 0, workerUrl: null };
    const endpoint = this.#opened.use(await ServeEndpoint.listen(settings, { client, functions }));
    engine.receiveFrom(endpoint);
    return { engine, connection: null, endpoint, problems, begun, until };
  }

  /** Tells Inngest of a worker; resolves with what was wrong the first time. */
  async register({ endpoint }: Worker): Promise<string[]> {
    const ending = new AbortController();
    const problems: string[] = [];
    await registerFunctions(endpoint?.ownUrl ?? '', systemClock, ending.signal, (problem) => {
      problems.push(problem);
      ending.abort();
    });
    return problems;
  }

  hand(id: string, key = 'outbox-1'): Promise<void> {
    return this.#handover.hand({ tenant: 't', id, priority: 3, key });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}

/** Resolves when something is so, looked at each time that Inngest may have come to it. */
export async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

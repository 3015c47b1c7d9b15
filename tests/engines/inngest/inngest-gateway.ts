import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { messages } from './connect-messages.ts';
import type { InngestExecutor } from './inngest-executor.ts';
import { functionSchema } from './inngest-protocol.ts';
import type { CallAnswer, FunctionCall, ServedFunction } from './inngest-protocol.ts';
import { WebsocketConnection } from './websocket-connection.ts';

/** A worker that is connected. */
interface Worker {
  readonly connection: WebsocketConnection;
  readonly asked: Map<string, (answer: CallAnswer) => void>;
  /** It has said that it is ready, and not that it takes nothing more. */
  isReady: boolean;
}

const { GatewayMessageType: kinds, SDKResponseStatus: statuses } = messages;
const nothing = new Uint8Array(0);

/**
 * What Inngest's gateway does: workers connect to it, say what they have, and are called over that connection. A call goes to one that is
 * ready, and waits where there is none; where the connection of a worker breaks, what it was asked has failed.
 */
export class InngestGateway {
  readonly #executor: InngestExecutor;
  readonly #tokens = new Set<string>();
  readonly #workers = new Set<Worker>();
  #onReady: (() => void)[] = [];
  #isClosed = false;
  /** Leases that workers had extended. */
  extended = 0;

  constructor(executor: InngestExecutor) {
    this.#executor = executor;
  }

  /** How many workers are connected, and take calls. */
  get ready(): number {
    return [...this.#workers].filter(({ isReady }) => isReady).length;
  }

  /** Resolves when so many take calls. */
  async until(count: number): Promise<void> {
    while (this.ready !== count) await new Promise<void>((resolve) => this.#onReady.push(resolve));
  }

  /** What a worker that has signed in is told: where to connect to. */
  start(gatewayEndpoint: string): Uint8Array {
    const token = randomUUID();
    this.#tokens.add(token);
    const answer = {
      connectionId: randomUUID(),
      gatewayEndpoint,
      gatewayGroup: 'group',
      sessionToken: token,
      syncToken: token,
    };
    return messages.StartResponse.encode(messages.StartResponse.create(answer)).finish();
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const worker: Worker = {
      connection: WebsocketConnection.accept(request, socket, head, (message) => this.#receive(worker, message)),
      asked: new Map(),
      isReady: false,
    };
    this.#workers.add(worker);
    worker.connection.onClose(() => {
      this.#workers.delete(worker);
      worker.isReady = false;
      for (const answer of worker.asked.values()) answer({ status: 503, body: 'The worker is gone.', mayRetry: true });
      this.#changed();
    });
    this.#send(worker, 'GATEWAY_HELLO', nothing);
  }

  /** Breaks the connections of all workers. */
  cut(): void {
    for (const { connection } of this.#workers) connection.destroy();
  }

  /** For good: nothing more is called. */
  close(): void {
    this.#isClosed = true;
    this.cut();
    this.#changed();
  }

  readonly #call = async ({ id }: ServedFunction, call: FunctionCall): Promise<CallAnswer> => {
    const worker = await this.#readyWorker();
    const requestId = randomUUID();
    const { promise, resolve } = Promise.withResolvers<CallAnswer>();
    worker.asked.set(requestId, resolve);
    const request = messages.GatewayExecutorRequestData.create({
      requestId,
      appName: 'squadra',
      functionSlug: id,
      requestPayload: new TextEncoder().encode(JSON.stringify(call)),
      runId: call.ctx.run_id,
      leaseId: randomUUID(),
    });
    this.#send(worker, 'GATEWAY_EXECUTOR_REQUEST', messages.GatewayExecutorRequestData.encode(request).finish());
    return promise;
  };

  async #readyWorker(): Promise<Worker> {
    while (!this.#isClosed) {
      const worker = [...this.#workers].find(({ isReady }) => isReady);
      if (worker !== undefined) return worker;
      await new Promise<void>((resolve) => this.#onReady.push(resolve));
    }
    throw new Error('The gateway is closed.');
  }

  #receive(worker: Worker, bytes: Buffer): void {
    const { kind, payload } = messages.ConnectMessage.decode(bytes);
    if (kind === kinds['WORKER_CONNECT']) this.#welcome(worker, payload);
    else if (kind === kinds['WORKER_READY']) this.#becomes(worker, true);
    else if (kind === kinds['WORKER_PAUSE']) this.#becomes(worker, false);
    else if (kind === kinds['WORKER_HEARTBEAT']) this.#send(worker, 'GATEWAY_HEARTBEAT', nothing);
    else if (kind === kinds['WORKER_REPLY']) this.#answered(worker, payload);
    else if (kind === kinds['WORKER_REQUEST_EXTEND_LEASE']) this.#extend(worker, payload);
  }

  #welcome(worker: Worker, payload: Uint8Array): void {
    const { authData, apps } = messages.WorkerConnectRequestData.decode(payload);
    if (!this.#tokens.delete(authData.sessionToken)) return worker.connection.close();
    for (const { functions } of apps) {
      const told: unknown = JSON.parse(new TextDecoder().decode(functions));
      this.#executor.serve(z.array(functionSchema).parse(told), this.#call);
    }
    const ready = messages.GatewayConnectionReadyData.create({
      heartbeatInterval: '1s',
      extendLeaseInterval: '1s',
      statusInterval: '',
    });
    this.#send(worker, 'GATEWAY_CONNECTION_READY', messages.GatewayConnectionReadyData.encode(ready).finish());
  }

  #becomes(worker: Worker, isReady: boolean): void {
    worker.isReady = isReady;
    this.#changed();
  }

  #answered(worker: Worker, payload: Uint8Array): void {
    const { requestId, status, body, noRetry } = messages.SDKResponse.decode(payload);
    const ack = messages.WorkerReplyAckData.encode(messages.WorkerReplyAckData.create({ requestId })).finish();
    this.#send(worker, 'WORKER_REPLY_ACK', ack);
    const text = new TextDecoder().decode(body);
    worker.asked.get(requestId)?.({
      status: status === statuses.DONE ? 200 : status === statuses.NOT_COMPLETED ? 206 : 500,
      body: text === '' ? null : JSON.parse(text),
      mayRetry: !noRetry,
    });
    worker.asked.delete(requestId);
  }

  #extend(worker: Worker, payload: Uint8Array): void {
    const { requestId, leaseId } = messages.WorkerRequestExtendLeaseData.decode(payload);
    this.extended += 1;
    const ack = messages.WorkerRequestExtendLeaseAckData.create({ requestId, newLeaseId: leaseId });
    this.#send(
      worker,
      'WORKER_REQUEST_EXTEND_LEASE_ACK',
      messages.WorkerRequestExtendLeaseAckData.encode(ack).finish(),
    );
  }

  #send({ connection }: Worker, kind: string, payload: Uint8Array): void {
    const message = messages.ConnectMessage.create({ kind: kinds[kind] ?? -1, payload });
    connection.send(messages.ConnectMessage.encode(message).finish());
  }

  #changed(): void {
    for (const tell of this.#onReady.splice(0)) tell();
  }
}

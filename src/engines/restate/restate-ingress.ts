import { Agent, request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { SquadraError } from '../../kernel/errors.ts';
import type { HandedOver, Handover } from '../handover.ts';
import type { Order } from '../ordered/order.ts';
import { handlerName, objectName } from './order.ts';
import type { SentOrder } from './order.ts';

export interface RestateIngressSettings {
  readonly restateIngressUrl: readonly string[];
}

/** Connections that are kept to each node. */
const connections = 64;
/** One that does not answer for so long is taken for gone; what it may have got is sent again, under the same key. */
const timeoutMs = 5_000;

/** Hands executions to Restate: to the node that answered last, and where it does not answer, to the next one. */
export class RestateIngress implements Handover, Disposable {
  readonly #urls: readonly string[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: connections });
  readonly #secureAgent = new SecureAgent({ keepAlive: true, maxSockets: connections });
  #preferred = 0;

  constructor({ restateIngressUrl }: RestateIngressSettings) {
    this.#urls = restateIngressUrl;
  }

  hand({ tenant, id, priority, key }: HandedOver): Promise<void> {
    return this.#send({ tenant, id, priority, epoch: null }, key, '');
  }

  /** Orders that an execution is advanced again, after so long. For a wake of one epoch that is once in effect. */
  order(order: Order, delayMs: number): Promise<void> {
    const key = order.epoch === null ? null : `wake-${order.epoch}`;
    return this.#send(order, key, delayMs > 0 ? `?delay=${Math.ceil(delayMs)}ms` : '');
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
    this.#secureAgent.destroy();
  }

  async #send({ tenant, id, priority, epoch }: Order, key: string | null, query: string): Promise<void> {
    const order: SentOrder = { tenant, priority, epoch };
    const path = `/${objectName}/${encodeURIComponent(id)}/${handlerName}/send${query}`;
    const problems: unknown[] = [];
    const first = this.#preferred;
    for (let turn = 0; turn < this.#urls.length; turn++) {
      const place = (first + turn) % this.#urls.length;
      try {
        await this.#post(new URL(path, this.#urls[place]), key, JSON.stringify(order));
        this.#preferred = place;
        return;
      } catch (error) {
        problems.push(error);
      }
    }
    throw new SquadraError('INTERNAL', `Restate did not take execution ${id}: ${problems.map(String).join('; ')}`, {
      cause: problems.at(-1),
    });
  }

  #post(url: URL, key: string | null, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = {
        method: 'POST',
        timeout: timeoutMs,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...(key === null ? {} : { 'idempotency-key': key }),
        },
      };
      const answered = (answer: IncomingMessage): void => {
        const status = answer.statusCode ?? 0;
        if (status >= 200 && status < 300) {
          answer.resume();
          answer.on('end', resolve);
        } else readShort(answer, (text) => reject(new Error(`${url.host} answered ${status} ${text}`)));
        answer.on('error', reject);
      };
      const sent: ClientRequest =
        url.protocol === 'https:'
          ? secureRequest(url, { ...options, agent: this.#secureAgent }, answered)
          : request(url, { ...options, agent: this.#agent }, answered);
      sent.on('timeout', () => sent.destroy(new Error(`${url.host} did not answer in ${timeoutMs} ms`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

function readShort(answer: IncomingMessage, then: (text: string) => void): void {
  let text = '';
  answer.setEncoding('utf8');
  answer.on('data', (chunk: string) => (text = (text + chunk).slice(0, 500)));
  answer.on('end', () => then(text));
}

/** Restate with nothing around it: a service of three steps in a process of its own. */
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import * as restate from '@restatedev/restate-sdk';
import { takeOrders, tell } from '../measure/child.ts';
import { stepResults } from '../workload/three-steps.ts';
import type { input } from '../workload/three-steps.ts';

export interface BareRestateMessage {
  readonly kind: 'listening';
  readonly port: number;
  readonly pid: number;
}

export interface BareRestateOrder {
  readonly kind: 'stop';
}

const service = restate.service({
  name: 'three-steps',
  handlers: {
    run: async (context: restate.Context, _input: typeof input): Promise<number> => {
      const [one = '', two = '', three = ''] = stepResults;
      const a = await context.run('one', () => one);
      const b = await context.run('two', () => two);
      const c = await context.run('three', () => three);
      return a.length + b.length + c.length;
    },
  },
});

const server = createServer(restate.createEndpointHandler({ services: [service], logger: () => {} }));
server.listen(0, '127.0.0.1', () => {
  tell<BareRestateMessage>({ kind: 'listening', port: (server.address() as AddressInfo).port, pid: process.pid });
});
takeOrders<BareRestateOrder>(() => {
  // Its connections to Restate are open for good.
  setImmediate(() => process.exit(0));
  return Promise.resolve(true);
});

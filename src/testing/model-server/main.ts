/**
 * The model server as a process of its own:
 *
 *     node src/testing/model-server/main.ts --port 0 --log calls.jsonl     prints "listening <port>"
 */
import { parseArgs } from 'node:util';
import { startModelServer } from './model-server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    log: { type: 'string' },
    latency: { type: 'string', default: '0' },
    pace: { type: 'string', default: '0' },
    chunks: { type: 'string', default: '20' },
  },
});
const server = await startModelServer({
  port: Number(values.port),
  ...(values.log === undefined ? {} : { logFile: values.log }),
  defaults: {
    chunks: Number(values.chunks),
    ...(values.latency === '0' ? {} : { latencyMs: Number(values.latency) }),
    ...(values.pace === '0' ? {} : { paceMs: Number(values.pace) }),
  },
  keepCalls: false,
});
process.stdout.write(`listening ${server.port}\n`);

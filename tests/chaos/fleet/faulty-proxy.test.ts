import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { FaultyProxy } from '../../support/faulty-proxy.ts';

/** A server that says back what it hears, and one connection to it through the proxy. */
async function opened(): Promise<{ proxy: FaultyProxy; near: Socket; far: Socket; again: () => Socket }> {
  const server = createServer((socket) => void socket.on('error', () => {}).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await FaultyProxy.open((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]();
    server.close();
  });
  const again = (): Socket => connect(proxy.port, '127.0.0.1').on('error', () => {});
  const accepted = once(server, 'connection');
  const near = again();
  const [far] = (await accepted) as [Socket];
  return { proxy, near, far, again };
}

/** A reset is an end like any other here. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [heard] = (await once(socket, 'data')) as [Buffer];
  return heard.toString();
}

it('lets everything through, late where it delays, in order', async () => {
  const { proxy, near } = await opened();
  expect(await echo(near, 'one')).toBe('one');
  proxy.set('delay');
  expect(await echo(near, 'two')).toBe('two');
  proxy.set('pass');
  expect(await echo(near, 'three')).toBe('three');
});

it('resets what is open when it cuts, and whoever comes then', async () => {
  const { proxy, near, far, again } = await opened();
  const ends = [closed(near), closed(far)];
  proxy.set('cut');
  await Promise.all(ends);
  await closed(again());
  proxy.set('pass');
  expect(await echo(again(), 'back')).toBe('back');
});

it('leaves the far end of a frozen connection alone when the near one goes, until the network is there again', async () => {
  const { proxy, near, far } = await opened();
  proxy.set('freeze');
  let isGone = false;
  const gone = closed(far).then(() => (isGone = true));
  near.destroy();
  await closed(near);
  // A whole exchange on another connection: what the kernel had to say of the first one has been said.
  const { near: other } = await opened();
  expect(await echo(other, 'other')).toBe('other');
  expect(isGone).toBe(false);
  proxy.set('pass');
  await gone;
});

it('says nothing on a frozen connection', async () => {
  const { proxy, near } = await opened();
  expect(await echo(near, 'one')).toBe('one');
  proxy.set('freeze');
  const heard: string[] = [];
  near.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
  near.write('two');
  const { near: other } = await opened();
  expect(await echo(other, 'other')).toBe('other');
  expect(heard).toEqual([]);
  proxy.set('pass');
  await closed(near);
});

it('resets also what nobody reads', async () => {
  const { proxy, near, far } = await opened();
  far.unpipe();
  far.pause();
  let isFull = false;
  const isClosed = closed(near);
  while (!isFull) isFull = !near.write(Buffer.alloc(1 << 20)) && near.writableLength > 8 << 20;
  proxy.set('cut');
  await isClosed;
  expect(proxy.connections).toBe(0);
});

import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RestateServer } from '../../../scripts/fleet/restate-server.ts';
import { RestateIngress } from '../../../src/engines/restate/restate-ingress.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { Dispatcher } from '../../../src/orchestrator/dispatching/dispatcher.ts';
import { MemoryOutbox } from '../../orchestrator/dispatching/memory-outbox.ts';
import { Begins, lost, RestateRig } from './restate-rig.ts';

let rig: RestateRig;
beforeAll(async () => void (rig = await RestateRig.open()));
afterAll(() => rig[Symbol.asyncDispose]());

describe('handing over to Restate', () => {
  it('keeps what is accepted while Restate is away, and hands all of it over when it is back, once in effect', async () => {
    await using restate = await RestateServer.start({ folder: join(rig.folder, 'away') });
    const begins = new Begins();
    const worker = await rig.worker(begins, async ({ id }) => {
      outbox.claim(id);
      return lost;
    });
    const outbox = new MemoryOutbox(systemClock);
    await rig.with([worker], async () => {
      expect(await rig.register(rig.address.url, restate)).toEqual([]);
      using ingress = new RestateIngress({ restateIngressUrl: restate.ingressUrls });
      const told: string[] = [];
      const isDown = Promise.withResolvers<void>();
      await using dispatcher = new Dispatcher({
        outbox,
        handover: ingress,
        clock: systemClock,
        random: Math.random,
        onDown: () => {
          told.push('down');
          isDown.resolve();
        },
        onUp: () => told.push('up'),
      });
      dispatcher.start();
      outbox.add('before');
      dispatcher.nudge();
      await begins.until('before', 1);
      await restate.end('SIGKILL');
      const ids = Array.from({ length: 50 }, (_, place) => `away-${place}`);
      outbox.add(...ids);
      dispatcher.nudge();
      await isDown.promise;
      await restate.resume();
      for (const id of ids) await begins.until(id, 1);
      expect(told).toEqual(['down', 'up']);
      expect(ids.map((id) => begins.of(id).length)).toEqual(ids.map(() => 1));
      expect(outbox.rows.size).toBe(0);
    });
  });

  it('goes to another node of a cluster when one is killed, and nothing is lost', async () => {
    await using cluster = await RestateServer.start({ folder: join(rig.folder, 'three'), nodes: 3 });
    const begins = new Begins();
    const worker = await rig.worker(begins, async () => lost);
    await rig.with([worker], async () => {
      expect(await rig.register(rig.address.url, cluster)).toEqual([]);
      using ingress = new RestateIngress({ restateIngressUrl: cluster.ingressUrls });
      const handAll = async (ids: readonly string[]): Promise<void> => {
        for (const id of ids)
          for (let isHanded = false; !isHanded;)
            isHanded = await ingress.hand({ tenant: 't', id, priority: 0, key: id }).then(
              () => true,
              () => false,
            );
      };
      await handAll(['c1', 'c2']);
      await cluster.nodes[0]?.end('SIGKILL');
      const ids = Array.from({ length: 20 }, (_, place) => `c-${place}`);
      await handAll(ids);
      for (const id of ['c1', 'c2', ...ids]) await begins.until(id, 1);
      expect(new Set(begins.all.map(({ id }) => id)).size).toBe(22);
    });
  });
});

describe('the identity of Restate', () => {
  it('is checked where its key is set: whoever has not signed is sent away', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const path = join(rig.folder, 'identity');
    mkdirSync(path, { recursive: true });
    const pem = join(path, 'private.pem');
    writeFileSync(pem, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const keys = [`publickeyv1_${base58(raw)}`];
    const begins = new Begins();
    const worker = await rig.worker(begins, async () => lost, { keys });
    await rig.with([worker], async () => {
      expect(await rig.register(rig.address.url.replace('127.0.0.1', 'localhost'))).not.toEqual([]);
      await using signing = await RestateServer.start({
        folder: path,
        settings: [`request-identity-private-key-pem-file = ${JSON.stringify(pem)}`],
      });
      expect(await rig.register(rig.address.url, signing)).toEqual([]);
      await rig.hand('signed', 'signed', signing.ingressUrls);
      await begins.until('signed', 1);
      expect(begins.of('signed')).toHaveLength(1);
    });
  });
});

/** As Bitcoin writes numbers. */
function base58(bytes: Uint8Array): string {
  const letters = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; number > 0n; number /= 58n) text = (letters[Number(number % 58n)] ?? '') + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return text;
}

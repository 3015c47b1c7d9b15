import { describe, expect, it } from 'vitest';
import { Readiness } from '../../../src/http/readiness.ts';
import { startServer } from '../../../src/http/server.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { Clock } from '../../../src/kernel/clock.ts';
import type { Squadra } from '../../../src/orchestrator/squadra.ts';
import { ask, openTestServer } from '../../support/http-server.ts';

/** The machine's clock, which the test sets forward. */
class LateClock implements Clock {
  aheadMs = 0;

  now(): number {
    return systemClock.now() + this.aheadMs;
  }

  setTimer(delayMs: number, fire: () => void) {
    return systemClock.setTimer(delayMs, fire);
  }
}

/** Lets submissions wait until they are let go, and tells of each that has come. */
function holding(squadra: Squadra) {
  const released = Promise.withResolvers<void>();
  let hasCome = Promise.withResolvers<void>();
  const held = (view: Squadra): Squadra =>
    new Proxy(view, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name === 'forTenant') return (...of: Parameters<Squadra['forTenant']>) => held(target.forTenant(...of));
        if (name !== 'submit') return value.bind(target) as unknown;
        return async (...of: Parameters<Squadra['submit']>) => {
          hasCome.resolve();
          await released.promise;
          return target.submit(...of);
        };
      },
    });
  return {
    squadra: held(squadra),
    release: released.resolve,
    /** Resolves when one has come after what `act` did. */
    whenCome: async <T>(act: () => Promise<T>): Promise<{ readonly answer: Promise<T> }> => {
      hasCome = Promise.withResolvers();
      const answer = act();
      await hasCome.promise;
      return { answer };
    },
  };
}

describe('a process that is late', () => {
  it('refuses submissions before anything is read of them, answers all else, and takes them again when it has caught up', async () => {
    await using tested = await openTestServer({
      // One may come too late.
      settings: { maxConcurrentExecutions: 1, maxSubmissionWait: '100ms', corsOrigins: ['https://app.example'] },
    });
    const clock = new LateClock();
    const { squadra, release, whenCome } = holding(tested.assembly.squadra);
    const server = await startServer(
      { ...tested.assembly, clock, squadra, readiness: new Readiness() },
      { host: '127.0.0.1', port: 0 },
    );
    const get = (path: string) => ask(server.url, path, {});
    const submit = (headers = {}) =>
      ask(server.url, '/executions', { body: { message: 'Hello', start: false }, headers });
    const first = await whenCome(submit);
    const second = await whenCome(submit);
    clock.aheadMs = 101;
    const last = await whenCome(submit);

    const refused = await submit();
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'OVERLOADED', status: 503, type: 'urn:squadra:problem:overloaded', title: 'Overloaded' },
    });
    expect(refused.body).toHaveProperty('requestId', refused.headers.get('x-request-id'));
    expect(refused.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const ofPage = await submit({ origin: 'https://app.example' });
    expect(ofPage).toMatchObject({ status: 503, body: { code: 'OVERLOADED' } });
    expect(ofPage.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect((await get('/health')).status).toBe(200);
    expect(await get('/ready')).toMatchObject({ status: 200, body: { underPressure: true } });
    expect((await get('/executions')).status).toBe(200);
    expect((await get('/metrics')).text).toContain('squadra_http_refusals_total{reason="pressure"} 2');

    release();
    for (const { answer } of [first, second, last]) expect((await answer).status).toBe(202);
    expect((await submit()).status).toBe(202);
    await server.close();
  });
});

import { describe, expect, it } from 'vitest';
import { fixedAdmission } from '../../support/fixed-admission.ts';
import { measure } from './measured.ts';

/** The server that ships, over HTTP, in front of a provider that bears less than it is asked for. */
describe('a provider that bears so much and tells nobody', () => {
  it('calls at once: as many get through as with the best fixed number, and few are turned away', async () => {
    const limits = { atOnce: 10 };
    const best = await measure({ limits, warm: 50, measured: 200, admission: fixedAdmission(10) });
    const learnt = await measure({ limits, warm: 400, measured: 400 });
    const without = await measure({ limits, warm: 50, measured: 100, admission: fixedAdmission(2000) });
    expect(learnt.callsPerSecond).toBeGreaterThanOrEqual(0.9 * best.callsPerSecond);
    expect(learnt.refusedShare).toBeLessThan(0.01);
    expect(without.refusedShare).toBeGreaterThan(0.1);
  }, 120_000);

  it('time, past a knee: as many get through as with the best fixed number', async () => {
    const limits = { knee: 10 };
    const latencyMs = 200;
    const best = await measure({ limits, latencyMs, warm: 50, measured: 150, admission: fixedAdmission(10) });
    const learnt = await measure({ limits, latencyMs, warm: 300, measured: 200 });
    const without = await measure({ limits, latencyMs, warm: 30, measured: 60, admission: fixedAdmission(60) });
    expect(learnt.callsPerSecond).toBeGreaterThanOrEqual(0.9 * best.callsPerSecond);
    expect(without.callsPerSecond).toBeLessThan(0.9 * best.callsPerSecond);
  }, 120_000);
});

describe('a provider that tells of its rates', () => {
  it('requests in a minute: all of them are used, and few are turned away', async () => {
    const limits = { requestsPerMinute: 1_800 };
    const learnt = await measure({ limits, warm: 100, measured: 200 });
    const without = await measure({ limits, warm: 20, measured: 40, admission: fixedAdmission(2000) });
    expect(learnt.callsPerSecond).toBeGreaterThanOrEqual(0.9 * 30);
    expect(learnt.refusedShare).toBeLessThan(0.01);
    expect(without.refusedShare).toBeGreaterThan(0.1);
  }, 120_000);

  it('tokens in a minute: all of them are used, and few are turned away', async () => {
    const limits = { tokensPerMinute: 1_200_000 };
    const learnt = await measure({ limits, warm: 150, measured: 250 });
    expect(learnt.tokensPerSecond).toBeGreaterThanOrEqual(0.9 * 20_000);
    expect(learnt.refusedShare).toBeLessThan(0.01);
  }, 120_000);
});

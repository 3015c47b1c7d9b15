import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SquadraError } from '../../src/kernel/errors.ts';
import { runToEnd } from '../../src/testing/run-to-end.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';

const day = 86_400_000;
const team = {
  name: 'team',
  members: [{ role: 'project_manager' }, { role: 'backend_developer' }, { role: 'tester' }],
};

const feature = defineWorkflow({
  name: 'feature',
  input: z.object({ message: z.string() }),
  async run({ input, squad, step }) {
    const plan = await squad.ask('project_manager', input.message);
    await step.sleep('night', '12h');
    const code = await squad.ask('backend_developer', plan.text);
    const verdict = await squad.ask('tester', code.text);
    return [plan.text, code.text, verdict.text];
  },
});
const answers = { project_manager: 'the plan', backend_developer: 'the code', tester: 'accepted' };
const output = ['the plan', 'the code', 'accepted'];

describe('runToEnd', () => {
  it('runs a workflow over its sleeps, with the answers of a script', async () => {
    const ended = await runToEnd(feature, { message: 'Add a login page' }, { squads: [team], squad: 'team', answers });
    expect(ended.outcome).toEqual({ status: 'completed', output });
    expect(ended.durationMs).toBe(day / 2);
    expect(ended.calls.map(({ role, text }) => [role, text])).toEqual([
      ['project_manager', 'Add a login page'],
      ['backend_developer', 'the plan'],
      ['tester', 'the code'],
    ]);
    expect(ended.journal[0]).toMatchObject({ kind: 'message', message: { text: 'Add a login page', kind: 'request' } });
    expect(ended.journal.at(-1)).toMatchObject({ kind: 'status', status: 'completed' });
    expect(ended.items.map(({ status, usage }) => [status, usage.modelCalls])).toEqual([
      ['completed', 1],
      ['completed', 1],
      ['completed', 1],
    ]);
    expect(ended.execution.usage).toMatchObject({ modelCalls: 3, costMicroUsd: 0, unpricedCalls: 0 });
  });

  it('answers from the offline script where no answers are given, and fails as the workflow does', async () => {
    const offline = await runToEnd('pipeline', { message: 'Add a login page' });
    expect(offline.outcome).toMatchObject({ status: 'completed' });
    expect(offline.calls).toEqual([]);
    const failing = defineWorkflow({
      name: 'failing',
      run: ({ step }) => step.run('break', () => Promise.reject(new SquadraError('INVALID_INPUT', 'broken'))),
    });
    expect((await runToEnd(failing, {})).outcome).toMatchObject({ status: 'failed', error: { message: 'broken' } });
  });

  it.each(['before', 'after'] as const)(
    'dies %s the commit of each step, and nothing committed is done again',
    async (when) => {
      const steps = ['project_manager/model/1', 'night', 'backend_developer', 'tester'];
      const crashAt = steps.map((step) => ({ step, when }));
      const ended = await runToEnd(feature, { message: 'x' }, { squads: [team], squad: 'team', answers, crashAt });
      expect(ended.outcome).toEqual({ status: 'completed', output });
      const keys = ended.calls.map(({ idempotencyKey }) => idempotencyKey?.split('/').slice(1).join('/'));
      const asked = ['project_manager/model/1', 'backend_developer/model/1', 'tester/model/1'];
      expect(keys).toEqual(when === 'after' ? asked : asked.flatMap((key) => [key, key]));
    },
  );

  it('waits out retries, however long, and gives up where the policy does', async () => {
    let tries = 0;
    const flaky = defineWorkflow({
      name: 'flaky',
      run: ({ step }) =>
        step.run('try', () => (++tries < 4 ? Promise.reject(new Error(`no ${tries}`)) : tries), { retries: 3 }),
    });
    const ended = await runToEnd(flaky, {});
    expect(ended.outcome).toEqual({ status: 'completed', output: 4 });
    expect(ended.durationMs).toBeGreaterThan(1_000);
  });

  it('gives signals in their order, and approvals by name, by function, and in words', async () => {
    const waiting = defineWorkflow({
      name: 'waiting',
      async run({ step }) {
        const first = await step.waitFor('paid');
        const second = await step.waitFor('paid', { name: 'again' });
        const release = await step.approve('release', { title: 'Go?' });
        const reason = await step.scope('inner', (inner) =>
          inner.approve('reason', { title: 'Why?', choices: ['say'] }),
        );
        const late = await step.waitFor('never', { timeout: '2d' });
        return { first, second, release, reason, late };
      },
    });
    const expected = {
      first: { payload: { amount: 1 }, timedOut: false },
      second: { payload: { amount: 2 }, timedOut: false },
      release: { choice: 'reject', by: 'local' },
      reason: { choice: 'say', text: 'because', by: 'local' },
      late: { timedOut: true },
    };
    const signals = { paid: [{ amount: 1 }, { amount: 2 }] };
    const approvals = { release: 'reject', 'inner/reason': 'because' };
    const ended = await runToEnd(waiting, {}, { signals, approvals, crashAt: ['paid', 'release'] });
    expect(ended.outcome).toEqual({ status: 'completed', output: expected });
    expect(ended.durationMs).toBe(2 * day);
    const asked: string[] = [];
    const byFunction = await runToEnd(
      waiting,
      {},
      {
        signals,
        approvals: ({ stepKey, title }) => {
          asked.push(title);
          return stepKey === 'release' ? { choice: 'approve', comment: 'fine', by: 'Ada' } : 'say';
        },
      },
    );
    expect(byFunction.outcome).toMatchObject({
      output: { release: { choice: 'approve', comment: 'fine', by: 'Ada' }, reason: { choice: 'say' } },
    });
    expect(asked).toEqual(['Go?', 'Why?']);
  });

  it('says what a workflow waits for that was not prepared', async () => {
    const waiting = defineWorkflow({
      name: 'waiting',
      run: ({ step }) => Promise.all([step.waitFor('paid'), step.approve('release', { title: 'Go?' })]),
    });
    await expect(runToEnd(waiting, {})).rejects.toThrow(
      "signal 'paid' (step 'paid'); approval 'release' (Go?; choices: approve, reject)",
    );
  });

  it('says that a crash point was never reached', async () => {
    const quick = defineWorkflow({ name: 'quick', run: ({ step }) => step.run('a', () => 1) });
    await expect(runToEnd(quick, {}, { crashAt: 'b' })).rejects.toThrow("without crashing after 'b'");
  });

  it('lets steps take time on the clock: the faster branch wins, and what hangs runs into its limit', async () => {
    const clock = new TestClock();
    const racing = defineWorkflow({
      name: 'racing',
      run: ({ step }) =>
        Promise.race([
          step.run('slow', ({ signal }) => clock.pause(day, signal).then(() => 'slow'), { timeout: '2d' }),
          step.sleep('deadline', '1h').then(() => 'deadline'),
          step.run('quick', ({ signal }) => clock.pause(60_000, signal).then(() => 'quick')),
        ]),
    });
    const raced = await runToEnd(racing, {}, { clock });
    expect(raced.outcome).toEqual({ status: 'completed', output: 'quick' });
    expect(raced.durationMs).toBe(60_000);
    const hanging = defineWorkflow({
      name: 'hanging',
      run: ({ step }) => step.run('hang', ({ signal }) => clock.hang(signal), { timeout: '3m', retries: 0 }),
    });
    const hung = await runToEnd(hanging, {}, { clock });
    expect(hung.outcome).toMatchObject({ status: 'failed', error: { code: 'STEP_TIMEOUT' } });
    expect(hung.durationMs).toBe(180_000);
  });

  it('runs beside itself: each run has its own state and clock', async () => {
    const sleeper = defineWorkflow({ name: 'sleeper', run: ({ step }) => step.sleep('s', '30d') });
    const all = await Promise.all(Array.from({ length: 3 }, () => runToEnd(sleeper, {})));
    expect(all.map(({ durationMs }) => durationMs)).toEqual([30 * day, 30 * day, 30 * day]);
  });
});

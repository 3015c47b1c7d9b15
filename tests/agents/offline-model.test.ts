import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readRequest } from '../../src/agents/offline-request.ts';
import { builtInProviders } from '../../src/agents/built-in-providers.ts';
import { offlineAnswer } from '../../src/agents/offline-script.ts';
import { createOfflineModel } from '../../src/agents/offline-model.ts';
import { readCatalogue } from '../../src/squads/catalogue.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { failureOf, openAsking } from './asking.ts';
import { MemoryJournal } from './memory-journal.ts';

const roles = readCatalogue().roles.map((role) => role.name);
const request = readFileSync(new URL('../../examples/feature-request.md', import.meta.url), 'utf8');

describe('the offline script', () => {
  it('plans the tasks of a request under its title, in its own words', () => {
    const plan = offlineAnswer('project_manager', request);
    expect(plan).toContain('Request: “sign in with a link, and see where you are signed in”');
    expect(plan).toMatch(/## Tasks\n\n1\. \*\*Sign in with a link\*\*\. On the sign-in page/);
    expect(plan).toContain('“A third of our support mail is about passwords.”');
    expect(plan).toMatch(/## Acceptance\n\n- A new member can sign in on a phone/);
    expect(plan).toMatch(/## Not included\n\n- Passkeys/);
  });

  it('passes the request down a line of members', () => {
    const plan = offlineAnswer('project_manager', request);
    const work = offlineAnswer('backend_developer', plan);
    const report = offlineAnswer('tester', work);
    expect(work).toContain('export async function keepPasswords(input: unknown)');
    expect(report).toMatch(
      /\*\*accept with remarks\*\* - the request asks for “sign in with a link, and see where you are signed in”/,
    );
    expect(report).toContain('| A new member can sign in on a phone without ever choosing a password | open |');
    expect(report).toContain('nothing was handed over that shows “Active sessions” at work');
  });

  it('finds the request in what a pipeline hands over', () => {
    const handOver = (answer: string) => `# Request\n\n${request}\n\n# From Somebody (some_role)\n\n${answer}`;
    const report = offlineAnswer(
      'tester',
      handOver(offlineAnswer('backend_developer', handOver(offlineAnswer('project_manager', request)))),
    );
    expect(report).toContain('# Test report: sign in with a link, and see where you are signed in');
    expect(report).toContain('“A mail when something new happens”: with nothing');
    expect(readRequest('# Request\n\n# Feature request: login\n\nPlease.').title).toBe('login');
  });

  it.each(roles)('has lines of its own for %s, in the words of the request', (role) => {
    const answer = offlineAnswer(role, request);
    expect(answer).not.toContain('There is no script');
    expect(answer).toContain('Request: “sign in with a link, and see where you are signed in”');
    expect(answer).toMatch(/“Sign in with a link”|\*\*Sign in with a link\*\*/);
    expect(answer.match(/^## .+$/gm)?.length).toBeGreaterThanOrEqual(3);
    expect(answer.split('\n', 3)[2]).not.toBe(offlineAnswer('stranger', request).split('\n', 3)[2]);
  });

  it('gives no two roles the same lines', () => {
    expect(new Set(roles.map((role) => offlineAnswer(role, request))).size).toBe(roles.length);
  });

  it.each([...roles, 'stranger', ''])('says in the first line that it is a script, as %j', (role) => {
    const [notice] = offlineAnswer(role, request).split('\n', 1);
    expect(notice).toMatch(/^> Offline script: no language model wrote this\./);
    for (const { keyVariable, addressVariable } of builtInProviders)
      expect(notice).toContain(keyVariable ?? addressVariable);
  });

  it('makes do with one sentence, and with nothing', () => {
    expect(readRequest('Add a login page')).toMatchObject({
      title: 'Add a login page',
      tasks: [{ name: 'Add a login page' }],
    });
    expect(readRequest('').tasks).toHaveLength(1);
    expect(offlineAnswer('backend_developer', 'Füge eine Anmeldeseite hinzu.')).toContain(
      'function fügeEineAnmeldeseiteHinzu(',
    );
  });

  it('gives the same bytes for the same text and no control characters for any text', () => {
    fc.assert(
      fc.property(fc.constantFrom(...roles), fc.string({ unit: 'binary', maxLength: 400 }), (role, message) => {
        const answer = offlineAnswer(role, message);
        expect(answer).toBe(offlineAnswer(role, message));
        expect(answer).not.toMatch(/(?!\n)\p{Cc}/u);
        expect(answer.isWellFormed()).toBe(true);
      }),
    );
  });

  it.each([
    ['one endless line', 'x'.repeat(2 * 1024 * 1024)],
    ['nothing but markup', '*_`'.repeat(500_000)],
    ['endless sentences', 'a. '.repeat(500_000)],
    ['a list without end', '- thing\n'.repeat(200_000)],
    ['escape sequences', '\u001b[31m'.repeat(100_000)],
  ])('stays short and quick for %s', (_, message) => {
    const before = performance.now();
    expect(offlineAnswer('project_manager', message).length).toBeLessThan(20_000);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe('the offline model', () => {
  it('answers an ask, counts tokens, costs nothing and is priced', async () => {
    const { asker, member } = openAsking();
    const journal = new MemoryJournal();
    const answer = await asker.ask(journal.request(member({ model: 'gpt-5' }), request));
    expect(answer.text).toBe(offlineAnswer('tester', request));
    expect(journal.deltas.join('')).toBe(answer.text);
    expect(answer.usage).toMatchObject({ costMicroUsd: 0, unpricedCalls: 0, estimatedCalls: 0, modelCalls: 1 });
    expect(answer.usage.outputTokens).toBeGreaterThan(100);
    // Whatever model the member names, the result bears the script's own name.
    expect(journal.entries.at(-1)).toMatchObject({ output: { provider: 'offline', model: 'script' } });
  });

  it('fills a schema, so that a workflow with objects can be tried without a model', async () => {
    const { asker, member } = openAsking();
    const schema = z.object({
      title: z.string().max(20),
      verdict: z.enum(['accept', 'reject']),
      tasks: z.array(z.object({ name: z.string().min(3), size: z.int().positive(), done: z.boolean() })).min(2),
      note: z.string().nullable(),
      kind: z.literal('plan'),
    });
    const answer = await asker.ask(new MemoryJournal().request(member(), request, { schema }));
    expect(schema.parse(answer.object).tasks[0]?.name).toMatch(/^Sign in with a link/);
    expect(answer.usage.modelCalls).toBe(1);
  });

  it('streams at its pace and stops when it is told to', async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const { stream } = await createOfflineModel(clock, 10).doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: request }] }],
      abortSignal: controller.signal,
    });
    const deltas: string[] = [];
    const reading = failureOf(
      (async () => {
        for await (const part of stream) if (part.type === 'text-delta') deltas.push(part.delta);
      })(),
    );
    await clock.advance(50);
    expect(deltas).toHaveLength(5);
    controller.abort(new Error('Enough.'));
    expect(await reading).toMatchObject({ message: 'Enough.' });
    expect(clock.timers).toBe(0);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startModelServer } from '../../src/testing/model-server/model-server.ts';
import type { ModelBehaviour } from '../../src/testing/model-server/behaviour.ts';
import type { ModelServer } from '../../src/testing/model-server/model-server.ts';
import { openTestServer } from '../support/http-server.ts';
import type { TestServer } from '../support/http-server.ts';

const convoySchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  items: z.array(
    z.looseObject({
      key: z.string(),
      status: z.string(),
      reason: z.string().nullable(),
      executionId: z.string().nullable(),
    }),
  ),
});
type ConvoyBody = z.infer<typeof convoySchema>;

/** What becomes of calls, by the key of the item; the others are answered. */
const behaviours = new Map<string, ModelBehaviour>();
const refused: ModelBehaviour = { status: 400, errorMessage: 'no such thing' };
const keyOf = (body: string): string => /Do <(\w+)>/.exec(body)?.[1] ?? '';

let models: ModelServer;
let server: TestServer;
beforeAll(async () => {
  models = await startModelServer({ behave: ({ body }) => behaviours.get(keyOf(body)) });
  server = await openTestServer({
    settings: { agentRateLimitPerMinute: 0, openaiApiKey: 'test', openaiBaseUrl: models.url },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await models[Symbol.asyncDispose]();
});
beforeEach(() => behaviours.clear());

const item = (key: string, dependsOn: readonly string[] = []) => ({
  key,
  role: 'tester',
  message: `Do <${key}>.`,
  dependsOn,
});
const make = async (items: readonly object[], more: object = {}): Promise<string> => {
  const { status, body } = await server.ask('/convoys', { body: { items, ...more } });
  expect(status).toBe(202);
  return z.looseObject({ id: z.string() }).parse(body).id;
};
const read = async (id: string): Promise<ConvoyBody> => convoySchema.parse((await server.ask(`/convoys/${id}`)).body);
const end = async (id: string): Promise<ConvoyBody> => {
  await server.assembly.squadra.convoys.result(id);
  return read(id);
};
const statuses = ({ items }: ConvoyBody) => Object.fromEntries(items.map(({ key, status }) => [key, status]));
const asked = (since: number): readonly string[] => models.calls.slice(since).map(({ body }) => keyOf(body));

describe('a convoy over HTTP', () => {
  it('ends partial, and each that was cancelled says whose failure it was; a retry does what failed, nothing else', async () => {
    behaviours.set('b', refused);
    const since = models.calls.length;
    const convoy = await end(await make([item('a'), item('b', ['a']), item('c', ['b']), item('d', ['c']), item('e')]));
    expect(convoy).toMatchObject({
      status: 'partial',
      reason: expect.stringMatching(
        /^1 of 5 items failed: 'b' \(.*no such thing.*\); 2 were cancelled because of that$/,
      ),
      parallelism: null,
      progress: { total: 5, completed: 2, failed: 1, cancelled: 2 },
    });
    expect(statuses(convoy)).toEqual({ a: 'completed', b: 'failed', c: 'cancelled', d: 'cancelled', e: 'completed' });
    const [, , c, d] = convoy.items;
    expect(c).toMatchObject({ executionId: null, reason: "it depends on 'b', which failed" });
    expect(d?.reason).toBe("it depends on 'c', which was cancelled because 'b' failed");
    expect(asked(since).toSorted()).toEqual(['a', 'b', 'e']);

    behaviours.clear();
    const before = models.calls.length;
    const retried = await server.ask(`/convoys/${convoy.id}/retry`, { body: {} });
    expect(retried).toMatchObject({ status: 202, body: { id: convoy.id, status: 'running' } });
    const again = await end(convoy.id);
    expect(again).toMatchObject({ status: 'completed', reason: null, progress: { completed: 5 } });
    expect(asked(before)).toEqual(['b', 'c', 'd']);
    expect(again.items[1]?.executionId).toBe(convoy.items[1]?.executionId);
    for (const what of ['retry', 'cancel'])
      expect(await server.ask(`/convoys/${convoy.id}/${what}`, { body: {} })).toMatchObject({
        status: 409,
        body: { convoyStatus: 'completed' },
      });
  });

  it('does not run what had not begun when it stops at the first failure; what runs comes to its end', async () => {
    behaviours.set('bad', refused).set('slow', { text: 'Done.', paceMs: 20 });
    const since = models.calls.length;
    const items = [item('slow'), item('bad'), item('third'), item('fourth', ['slow'])];
    const convoy = await end(await make(items, { stopOnFirstFailure: true, parallelism: 2 }));
    expect(convoy.status).toBe('failed');
    expect(statuses(convoy)).toEqual({ slow: 'completed', bad: 'failed', third: 'cancelled', fourth: 'cancelled' });
    expect(convoy.items[2]?.reason).toBe("the convoy stops at the first failure: 'bad' failed");
    expect(asked(since).toSorted()).toEqual(['bad', 'slow']);
  });

  it('fails when it is out of time: what runs is aborted, and can be done again', async () => {
    behaviours.set('slow', { hang: 'inside' });
    const convoy = await end(await make([item('quick'), item('slow'), item('last', ['slow'])], { timeout: 400 }));
    await models.reached('aborted', 1);
    expect(convoy).toMatchObject({ status: 'failed', reason: 'the convoy was out of time after 400 ms' });
    expect(statuses(convoy)).toEqual({ quick: 'completed', slow: 'failed', last: 'cancelled' });
    behaviours.clear();
    const before = models.calls.length;
    expect((await server.ask(`/convoys/${convoy.id}/retry`, { body: {} })).status).toBe(202);
    expect(await end(convoy.id)).toMatchObject({ status: 'completed' });
    expect(asked(before)).toEqual(['slow', 'last']);
  });

  it('ends failed when nothing was completed, and is not cancelled afterwards', async () => {
    behaviours.set('a', refused);
    const convoy = await end(await make([item('a'), item('b', ['a'])]));
    expect(convoy).toMatchObject({ status: 'failed', reason: expect.stringContaining("'a' (") });
    const cancelled = await server.ask(`/convoys/${convoy.id}/cancel`, { body: {} });
    expect(cancelled).toMatchObject({ status: 409, body: { code: 'ALREADY_ENDED', convoyStatus: 'failed' } });
  });

  it('goes on without an item that somebody cancels by hand, and says so', async () => {
    behaviours.set('held', { hang: 'inside' });
    const since = models.calls.length;
    const id = await make([item('held'), item('after', ['held']), item('free')]);
    await models.reached('received', since + 2);
    const [held] = (await read(id)).items;
    expect((await server.ask(`/executions/${held?.executionId ?? ''}/cancel`, { body: {} })).status).toBe(202);
    const convoy = await end(id);
    expect(statuses(convoy)).toEqual({ held: 'cancelled', after: 'cancelled', free: 'completed' });
    expect(convoy).toMatchObject({ status: 'partial', reason: expect.stringContaining("'held' (was cancelled") });
  });

  it.each([
    ['an item that waits for itself', [item('a', ['a'])], 'DEPENDENCY_CYCLE', "'a' → 'a'"],
    ['a long circle', [item('a', ['c']), item('b', ['a']), item('c', ['b']), item('d')], 'DEPENDENCY_CYCLE', "'b'"],
    ['a key of another convoy', [item('a', ['plan'])], 'UNKNOWN_DEPENDENCY', "'plan'"],
    ['neither role nor member', [{ key: 'a', message: 'x' }], 'INVALID_INPUT', "'a'"],
    ['a key with a line break', [{ ...item('a'), key: 'a\nb' }], 'INVALID_INPUT', 'key'],
    ['a message of spaces', [{ ...item('a'), message: ' ' }], 'INVALID_INPUT', "'a'"],
  ])('is refused for %s, by name', async (_, items, code, named) => {
    const before = z.object({ items: z.array(z.unknown()) }).parse((await server.ask('/convoys?limit=200')).body);
    const answer = await server.ask('/convoys', { body: { items } });
    expect(answer).toMatchObject({ status: 400, body: { code, detail: expect.stringContaining(named) } });
    const after = z.object({ items: z.array(z.unknown()) }).parse((await server.ask('/convoys?limit=200')).body);
    expect(after.items).toHaveLength(before.items.length);
  });
});

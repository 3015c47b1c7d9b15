import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createClient, ProblemError } from '../../src/client.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { openTestServer } from '../support/http-server.ts';

const gate = defineWorkflow({
  name: 'gate',
  input: z.object({ message: z.string() }),
  async run({ input, step }) {
    const { choice } = (await step.approve('release', { title: 'Out with it?', choices: ['yes', 'no'] })) as {
      choice: string;
    };
    const go = await step.waitFor<{ loud: boolean }>('go');
    return { said: input.message, choice, go };
  },
});

it('takes an execution from the request to its end', async () => {
  await using server = await openTestServer({ workflows: [gate] });
  const squadra = createClient({ url: `${server.url}/` });
  const { id, status } = await squadra.submit({ workflow: 'gate', message: 'hello', metadata: { of: 'a test' } });
  expect(status).toBe('queued');
  const seen: string[] = [];
  for await (const { event, data } of squadra.events(id)) {
    seen.push(event);
    const { phase, type } = data as { readonly phase?: string; readonly type?: string };
    if (phase !== 'waiting') continue;
    if (type === 'approval') {
      const [approval] = (await squadra.approvals.list({ status: 'pending' })).items;
      await squadra.approvals.answer(String(approval?.id), { choice: 'yes', comment: 'good' });
    } else await squadra.executions.signal(id, 'go', { loud: true });
  }
  expect(seen.at(-1)).toBe('done');
  expect(await squadra.executions.get(id)).toMatchObject({
    status: 'completed',
    output: { said: 'hello', choice: 'yes', go: { payload: { loud: true } } },
    metadata: { of: 'a test' },
  });
  expect((await squadra.executions.list({ workflow: 'gate', limit: 1 })).items.map((item) => item.id)).toEqual([id]);
});

it('makes, changes and removes squads with their members, each at the version that was read', async () => {
  await using server = await openTestServer();
  const squadra = createClient({ url: server.url });
  const made = await squadra.squads.create({ name: 'pair', members: [{ role: 'tester' }] });
  const renamed = await squadra.squads.update(made, { name: 'trio' });
  await expect(squadra.squads.update(made, { name: 'late' })).rejects.toMatchObject({
    code: 'STALE_VERSION',
    status: 412,
    problem: { currentVersion: renamed.version },
  });
  const member = await squadra.squads.addMember(made.id, { role: 'reviewer', name: 'Rita' });
  const changed = await squadra.squads.updateMember(made.id, member, { temperature: 0.1 });
  expect(changed).toMatchObject({ name: 'Rita', temperature: 0.1, version: member.version + 1 });
  await squadra.squads.removeMember(made.id, member.id);
  await squadra.squads.remove(made.id);
  await expect(squadra.squads.get(made.id)).rejects.toBeInstanceOf(ProblemError);
});

it('keeps work items, and tells what there is to choose from', async () => {
  await using server = await openTestServer();
  const squadra = createClient({ url: server.url });
  const first = await squadra.workItems.create({ title: 'first' });
  const second = await squadra.workItems.create({ title: 'second', dependencies: [first.id] });
  expect(second.status).toBe('blocked');
  const begun = await squadra.workItems.update(first, { status: 'in_progress' });
  await squadra.workItems.update(begun, { status: 'completed' });
  expect(await squadra.workItems.get(second.id)).toMatchObject({ status: 'ready' });
  expect(await squadra.workItems.stats()).toMatchObject({ total: 2, byStatus: { completed: 1, ready: 1 } });
  expect((await squadra.roles()).map(({ name }) => name)).toContain('tester');
  expect((await squadra.templates()).map(({ name }) => name)).toContain('software');
  expect((await squadra.workflows()).map(({ name }) => name)).toContain('pipeline');
  expect(await squadra.me()).toMatchObject({ tenant: 'local' });
});

/** A `fetch` that gives these answers one after the other, and what it was asked. */
function answering(...answers: readonly (() => Response)[]) {
  const asked: Request[] = [];
  const next = answers[Symbol.iterator]();
  const answer = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    asked.push(new Request(input, init));
    const made = next.next().value;
    return made === undefined ? Promise.reject(new Error('Nobody is there.')) : Promise.resolve(made());
  };
  return { asked, fetch: answer as typeof fetch };
}

const problem =
  (status: number, code: string, headers = {}) =>
  (): Response =>
    Response.json(
      { status, code, title: code, detail: `It is ${code}.`, help: '', requestId: 'r' },
      { status, headers },
    );
const accepted = () => Response.json({ id: 'x', status: 'queued', links: {} }, { status: 202 });

it('sends again what was refused for now, under the same key, and not what was refused for good', async () => {
  const { asked, fetch } = answering(problem(503, 'QUEUE_FULL', { 'retry-after': '0.01' }), accepted);
  const squadra = createClient({ url: 'http://squadra.test', key: () => 'sqd_key', fetch });
  expect(await squadra.submit({ message: 'once' })).toMatchObject({ id: 'x' });
  const keys = asked.map(({ headers }) => headers.get('idempotency-key'));
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  expect(asked.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer sqd_key', 'Bearer sqd_key']);

  const refused = answering(problem(400, 'INVALID_INPUT'), accepted);
  const other = createClient({ url: 'http://squadra.test', fetch: refused.fetch });
  await expect(other.submit({ message: '' })).rejects.toMatchObject({ code: 'INVALID_INPUT', status: 400 });
  expect(refused.asked).toHaveLength(1);
});

it('does not repeat by itself what nobody answered, where that might do it twice', async () => {
  const silent = answering();
  const squadra = createClient({ url: 'http://squadra.test', fetch: silent.fetch, retries: 1 });
  await expect(squadra.executions.signal('x', 'go')).rejects.toMatchObject({ code: 'UNREACHABLE', status: 0 });
  expect(silent.asked).toHaveLength(1);
  await expect(squadra.executions.get('x')).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(silent.asked).toHaveLength(3);
});

it("calls fetch as browsers want it: as nobody's method", async () => {
  const picky = function (this: unknown): Promise<Response> {
    return this === undefined
      ? Promise.resolve(Response.json({ tenant: 'local' }))
      : Promise.reject(new TypeError('Illegal invocation'));
  };
  const squadra = createClient({ url: 'http://squadra.test', fetch: picky as typeof fetch, retries: 0 });
  expect(await squadra.me()).toEqual({ tenant: 'local' });
});

it('says so when something else than Squadra answers', async () => {
  const { fetch } = answering(() => new Response('<html>Bad gateway', { status: 502 }));
  await expect(createClient({ url: 'http://squadra.test', fetch, retries: 0 }).me()).rejects.toMatchObject({
    code: 'UNEXPECTED_ANSWER',
    message: expect.stringContaining('Bad gateway'),
  });
});

const badGateway = () => new Response('<html>Bad gateway', { status: 502 });

it('takes what a proxy says of a server that is away for no answer', async () => {
  const { fetch } = answering(badGateway, () => Response.json({ tenant: 'local' }));
  expect(await createClient({ url: 'http://squadra.test', fetch }).me()).toEqual({ tenant: 'local' });
  const once = answering(badGateway, () => Response.json({}));
  const squadra = createClient({ url: 'http://squadra.test', fetch: once.fetch });
  await expect(squadra.executions.signal('x', 'go')).rejects.toMatchObject({ status: 502 });
  expect(once.asked).toHaveLength(1);
});

const sse = (text: string) => (): Response => new Response(text, { headers: { 'content-type': 'text/event-stream' } });

it('opens a stream again after the last event that came: when it breaks, and when it is told to', async () => {
  const { asked, fetch } = answering(
    sse('id: 1\nevent: status\ndata: {"seq":1}\n\n: still here\n\nevent: text-delta\ndata: {"text":"a"}\n\n'),
    sse('id: 2\nevent: status\ndata: {"seq":2}\n\nevent: resume\ndata: {}\n\n'),
    sse('id: 3\nevent: message\ndata: {"seq":3}\n\nid: 3\nevent: done\ndata: {"seq":3}\n\n'),
  );
  const events = [];
  for await (const event of createClient({ url: 'http://squadra.test', fetch }).events('x')) events.push(event);
  expect(events.map(({ event, id }) => [event, id])).toEqual([
    ['status', '1'],
    ['text-delta', null],
    ['status', '2'],
    ['message', '3'],
    ['done', '3'],
  ]);
  expect(asked.map(({ headers }) => headers.get('last-event-id'))).toEqual([null, '1', '2']);
});

it('follows on however long the server is away behind a proxy', async () => {
  const { fetch } = answering(
    badGateway,
    badGateway,
    sse('id: 1\nevent: status\ndata: {"seq":1}\n\n'),
    problem(503, 'SHUTTING_DOWN'),
    sse('id: 2\nevent: done\ndata: {"seq":2}\n\n'),
  );
  const events = [];
  for await (const { id } of createClient({ url: 'http://squadra.test', fetch, retries: 0 }).events('x'))
    events.push(id);
  expect(events).toEqual(['1', '2']);
});

it('ends a stream when its reader has had enough, and when there is nothing to follow', async () => {
  const stop = new AbortController();
  const { fetch } = answering(sse('id: 1\nevent: status\ndata: {}\n\n'), problem(404, 'NOT_FOUND'));
  const squadra = createClient({ url: 'http://squadra.test', fetch });
  const follow = async (): Promise<void> => {
    for await (const _ of squadra.events('x', { signal: stop.signal })) stop.abort(new Error('enough'));
  };
  await expect(follow()).rejects.toThrow('enough');
  await expect(squadra.events('y').next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('takes nothing of Node or of the server along: it runs in browsers', () => {
  const root = join(import.meta.dirname, '../../src');
  const files = ['client.ts', ...readdirSync(join(root, 'client')).map((name) => `client/${name}`)];
  const needed = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/^(?:import|export) (?!type )[^;]*? from '([^']+)'/gm)].map(
      ([, name]) => name ?? '',
    ),
  );
  const outside = needed.filter((name) => !/^\.\/(?:client\/)?[\w-]+\.ts$/.test(name));
  expect([...new Set(outside)]).toEqual(['eventsource-parser']);
});

it('reads what happened, and how the server stands', async () => {
  await using server = await openTestServer();
  const squadra = createClient({ url: server.url });
  expect((await squadra.metrics.stats(5)).minutes).toHaveLength(5);
  expect(await squadra.metrics.convoys({ limit: 1 })).toEqual({ items: [] });
  expect(await squadra.metrics.resources()).toMatchObject({ retained: true });
  expect(await squadra.metrics.system()).toMatchObject({ gate: { open: true } });
});

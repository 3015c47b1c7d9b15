import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, AskOptions, TestServer } from '../../support/http-server.ts';

const idShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const unknownId = '00000000-0000-7000-8000-000000000000';

const echo = defineWorkflow({ name: 'echo', run: ({ input, step }) => step.run('echo', () => input) });
const typed = defineWorkflow({ name: 'typed', input: z.object({ n: z.number() }), run: ({ input }) => input.n });
const gate = defineWorkflow({
  name: 'gate',
  run: async ({ step }) => {
    const { timedOut } = await step.waitFor('go');
    return timedOut;
  },
});

let server: TestServer;
let ask: TestServer['ask'];
beforeAll(async () => {
  server = await openTestServer({ workflows: [echo, typed, gate] });
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const submit = (body: unknown, options: AskOptions = {}): Promise<Answer> => ask('/executions', { ...options, body });
const withKey = (key: string): AskOptions => ({ headers: { 'idempotency-key': key } });
const idOf = ({ body }: Answer): string => z.object({ id: z.string() }).parse(body).id;
const submitted = async (body: unknown): Promise<string> => idOf(await submit(body));
const ended = (id: string) => server.assembly.squadra.run(id).result();
const problem = (status: number, code: string, more: object = {}) => ({ status, body: { code, status, ...more } });

describe('POST /executions', () => {
  it('accepts a request at once, and says where it is to be found', async () => {
    const answer = await submit({ message: 'Add a login page' });
    const id = idOf(answer);
    expect(id).toMatch(idShape);
    const self = `/api/v1/executions/${id}`;
    const links = { self, events: `${self}/events`, messages: `${self}/messages` };
    expect(answer).toMatchObject({ status: 202, body: { id, status: 'queued', links } });
    expect(answer.headers.get('location')).toBe(self);
    const found = await ask(answer.headers.get('location') ?? '');
    const [software] = (await server.assembly.squadra.squads.list()).items;
    expect(found.body).toMatchObject({
      id,
      workflow: 'pipeline',
      squadId: software?.id,
      priority: 0,
      input: { message: 'Add a login page' },
    });
  });

  it('keeps what it was given', async () => {
    const body = { workflow: 'echo', input: { a: [1, null, 'ü'] }, priority: -100, metadata: { from: 'test' } };
    const id = await submitted({ ...body, start: false });
    expect((await ask(`/executions/${id}`)).body).toMatchObject({ ...body, status: 'created', squadId: null });
  });

  it('takes a squad by name and by id', async () => {
    const { squads } = server.assembly.squadra;
    const squad = await squads.create({ name: 'by-name-and-id', members: [{ role: 'tester' }] });
    for (const name of [squad.id, squad.name]) {
      const id = await submitted({ workflow: 'echo', input: 1, squad: name, start: false });
      expect((await ask(`/executions/${id}`)).body).toMatchObject({ squadId: squad.id });
    }
  });

  it('leaves it created with `start: false`', async () => {
    expect(await submit({ message: 'x', start: false })).toMatchObject({ status: 202, body: { status: 'created' } });
  });

  it('answers the same key and body with the same 202, byte for byte, whatever became of it', async () => {
    const body = { workflow: 'echo', input: { a: 1, b: 2 }, priority: 3 };
    const first = await submit(body, withKey('same'));
    await ended(idOf(first));
    const again = await submit({ priority: 3, input: { b: 2, a: 1 }, workflow: 'echo' }, withKey('same'));
    expect(again.status).toBe(202);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const created = await submit({ ...body, start: false }, withKey('created'));
    await ask(`/executions/${idOf(created)}/start`, { method: 'POST' });
    expect((await submit({ ...body, start: false }, withKey('created'))).text).toBe(created.text);
  });

  it('makes one execution of many simultaneous submissions with one key', async () => {
    const body = { workflow: 'echo', input: 'once' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => submit(body, withKey('at-once'))));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });

  it.each([
    ['input', { input: 2 }],
    ['workflow', { workflow: 'gate' }],
    ['priority', { priority: 1 }],
    ['metadata', { metadata: 1 }],
    ['start', { start: false }],
    ['squad', { squad: 'software' }],
  ])('refuses the same key with another %s', async (field, change) => {
    const body = { workflow: 'echo', input: 1 };
    await submit(body, withKey(`other-${field}`));
    const answer = await submit({ ...body, ...change }, withKey(`other-${field}`));
    expect(answer).toMatchObject(problem(409, 'IDEMPOTENCY_CONFLICT'));
  });

  it('takes a key of 255 characters, and refuses an empty one and one of 256', async () => {
    const body = { workflow: 'echo', input: 1 };
    expect((await submit(body, withKey('x'.repeat(255)))).status).toBe(202);
    for (const key of ['', 'x'.repeat(256)])
      expect(await submit(body, withKey(key))).toMatchObject(problem(400, 'INVALID_INPUT'));
  });

  it.each<[string, unknown, string]>([
    ['neither message nor input', {}, 'INVALID_INPUT'],
    ['both message and input', { message: 'x', input: 1 }, 'INVALID_INPUT'],
    ['an empty message', { message: '' }, 'INVALID_INPUT'],
    ['a blank message', { message: ' \n\t' }, 'INVALID_INPUT'],
    ['a message that is no text', { message: 7 }, 'INVALID_INPUT'],
    ['an unknown field', { message: 'x', colour: 'red' }, 'INVALID_INPUT'],
    ['a budget', { message: 'x', budget: { costMicroUsd: 1 } }, 'INVALID_INPUT'],
    ['a priority of 101', { message: 'x', priority: 101 }, 'INVALID_INPUT'],
    ['a priority of -101', { message: 'x', priority: -101 }, 'INVALID_INPUT'],
    ['a priority of 1.5', { message: 'x', priority: 1.5 }, 'INVALID_INPUT'],
    ['a priority in words', { message: 'x', priority: 'high' }, 'INVALID_INPUT'],
    ['start that is no boolean', { message: 'x', start: 'no' }, 'INVALID_INPUT'],
    ['an unknown squad', { message: 'x', squad: 'nobody' }, 'UNKNOWN_SQUAD'],
    ['the id of no squad', { message: 'x', squad: unknownId }, 'UNKNOWN_SQUAD'],
    ['an unknown workflow', { message: 'x', workflow: 'nothing' }, 'UNKNOWN_WORKFLOW'],
    ['an input that does not fit the workflow', { workflow: 'typed', input: { n: 'one' } }, 'INVALID_INPUT'],
    ['a message to a workflow that takes none', { workflow: 'typed', message: 'x' }, 'INVALID_INPUT'],
    ['a list', [], 'INVALID_INPUT'],
    ['null', 'null', 'INVALID_INPUT'],
    ['text that is no JSON', '{"message":', 'INVALID_INPUT'],
    ['nothing', '', 'INVALID_INPUT'],
  ])('refuses %s', async (_, body, code) => {
    expect(await submit(body)).toMatchObject(problem(400, code));
  });

  it('names the fields that are wrong', async () => {
    const answer = await submit({ message: 'x', priority: 1000, squad: '' });
    const paths = z.object({ errors: z.array(z.object({ path: z.string() })) }).parse(answer.body).errors;
    expect(paths.map(({ path }) => path).toSorted()).toEqual(['priority', 'squad']);
  });

  it('treats the squad of another tenant as one that is not there', async () => {
    const foreign = await server.assembly.squadra
      .forTenant('other')
      .squads.create({ name: 'theirs', members: [{ role: 'tester' }] });
    const [of, no] = await Promise.all([foreign.id, unknownId].map((squad) => submit({ message: 'x', squad })));
    const comparable = (answer: Answer | undefined) => ({ ...(answer?.body as object), requestId: null });
    expect(of?.status).toBe(400);
    expect(JSON.stringify(comparable(of)).replaceAll(foreign.id, unknownId)).toBe(JSON.stringify(comparable(no)));
    expect(await submit({ message: 'x', squad: 'theirs' })).toMatchObject(problem(400, 'UNKNOWN_SQUAD'));
  });

  it('refuses what is not JSON, and what is too long', async () => {
    const asText = { headers: { 'content-type': 'text/plain' } };
    expect(await submit('{"message":"x"}', asText)).toMatchObject(problem(415, 'UNSUPPORTED_MEDIA_TYPE'));
    const tooLong = { message: 'x'.repeat(1024 * 1024) };
    expect(await submit(tooLong)).toMatchObject(problem(413, 'PAYLOAD_TOO_LARGE'));
  });

  it('refuses a message above the limit for inputs, though the body would be taken', async () => {
    await using small = await openTestServer({ settings: { maxInputBytes: 2_000 } });
    const answer = await small.ask('/executions', { body: { message: 'x'.repeat(2_000) } });
    expect(answer).toMatchObject(problem(413, 'PAYLOAD_TOO_LARGE'));
    expect((await small.ask('/executions', { body: { message: 'x'.repeat(1_900), start: false } })).status).toBe(202);
  });

  it('makes one round trip to the store when squad and key are at hand', async () => {
    await using counted = await openTestServer();
    const { squadra, access } = counted.assembly;
    const { text: key } = await access.createKey('counted', { name: 'counter', scopes: ['write'], expiresInMs: null });
    const hand = async (number: number) => {
      const body = { message: `Request ${number}`, start: false };
      const answer = await counted.ask('/executions', { body, key, ...withKey(`key-${number}`) });
      expect(answer.status).toBe(202);
    };
    // The squad is made by the first one, and kept at hand by the second.
    await hand(-1);
    await hand(0);
    const trips = () => {
      const { writer, readers } = squadra.statistics();
      return { operations: writer.operations, queries: readers.queries };
    };
    const before = trips();
    for (let number = 1; number <= 20; number++) await hand(number);
    expect(trips()).toEqual({ operations: before.operations + 20, queries: before.queries });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const unknownId = '00000000-0000-7000-8000-000000000000';
let server: TestServer;
let ask: TestServer['ask'];
beforeAll(async () => {
  server = await openTestServer();
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const put = (path: string, body: unknown) => ask(`/budgets/${path}`, { method: 'PUT', body });
const refused = (status: number, code: string) => ({ status, body: { code, status } });

describe('PUT /budgets/{scope}/{id}/{period}', () => {
  it('sets a budget and answers with what counts against it', async () => {
    const { body: squad } = await ask('/squads', { method: 'POST', body: { name: 'crew', template: 'software' } });
    const { id } = squad as { readonly id: string };
    const answer = await put('squad/crew/month', { limitMicroUsd: 5_000_000, onExceeded: 'ask' });
    const zero = { spentMicroUsd: 0, spentTokens: 0, reservedMicroUsd: 0, reservedTokens: 0, raisedMicroUsd: 0 };
    expect(answer).toMatchObject({
      status: 200,
      body: {
        scope: 'squad',
        id,
        period: 'month',
        limitMicroUsd: 5_000_000,
        limitTokens: null,
        onExceeded: 'ask',
        ...zero,
      },
    });
    expect(await ask(`/budgets/squad/${id}/month`)).toMatchObject({ status: 200, body: answer.body as object });
    expect((await put('squad/crew/month', { limitTokens: 7 })).body).toMatchObject({
      limitMicroUsd: null,
      limitTokens: 7,
      onExceeded: 'fail',
    });
    expect(await ask('/budgets?scope=squad')).toMatchObject({
      body: { items: [{ id, limitTokens: 7 }], nextCursor: null },
    });
    expect((await ask(`/budgets/squad/${id}/month`, { method: 'DELETE' })).status).toBe(204);
    expect(await ask(`/budgets/squad/${id}/month`)).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await ask(`/budgets/squad/${id}/month`, { method: 'DELETE' })).toMatchObject(refused(404, 'NOT_FOUND'));
  });

  it('refuses what makes no sense', async () => {
    expect(await put('tenant/local/day', {})).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect(await put('tenant/local/day', { limitMicroUsd: -1 })).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect(await put('tenant/local/day', { limitMicroUsd: 1.5 })).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect(await put('tenant/local/day', { limit: 5 })).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect(await put('tenant/local/total', { limitTokens: 5 })).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect(await put('tenant/local/week', { limitTokens: 5 })).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await put('tenant/another/day', { limitTokens: 5 })).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await put('squad/nobody/day', { limitTokens: 5 })).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await put(`execution/${unknownId}/total`, { limitTokens: 5 })).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await ask('/budgets?cursor=nonsense')).toMatchObject(refused(400, 'INVALID_CURSOR'));
  });

  it('is taken from a submission, and can be changed for it', async () => {
    const body = { message: 'Write a haiku.', start: false, budget: { limitMicroUsd: 1_000, limitTokens: 10 } };
    const { body: accepted } = await ask('/executions', { method: 'POST', body });
    const { id } = accepted as { readonly id: string };
    const limits = { limitMicroUsd: 1_000, limitTokens: 10, onExceeded: 'fail', periodStart: null, periodEnd: null };
    expect(await ask(`/budgets/execution/${id}/total`)).toMatchObject({ status: 200, body: limits });
    expect(await put(`execution/${id}/total`, { limitTokens: 20 })).toMatchObject({ body: { limitTokens: 20 } });
    const empty = { ...body, budget: {} };
    expect(await ask('/executions', { method: 'POST', body: empty })).toMatchObject(refused(400, 'INVALID_INPUT'));
    const unknown = { ...body, budget: { dollars: 5 } };
    expect(await ask('/executions', { method: 'POST', body: unknown })).toMatchObject(refused(400, 'INVALID_INPUT'));
  });

  it('tells pages apart by what comes after', async () => {
    for (const user of ['a', 'b', 'c']) await put(`user/${user}/day`, { limitTokens: 1 });
    const first = (await ask('/budgets?scope=user&limit=2')).body as { items: { id: string }[]; nextCursor: string };
    expect(first.items.map(({ id }) => id)).toEqual(['a', 'b']);
    const second = (await ask(`/budgets?scope=user&limit=2&cursor=${first.nextCursor}`)).body;
    expect(second).toMatchObject({ items: [{ id: 'c' }], nextCursor: null });
  });

  it('is done by the client too', async () => {
    const client = createClient({ url: server.url });
    const address = { scope: 'tenant', id: 'local', period: 'month' } as const;
    expect(await client.budgets.set(address, { limitMicroUsd: 5 })).toMatchObject({ ...address, limitMicroUsd: 5 });
    expect(await client.budgets.get(address)).toMatchObject({ limitMicroUsd: 5 });
    expect((await client.budgets.list({ scope: 'tenant' })).items).toHaveLength(1);
    await client.budgets.remove(address);
    await expect(client.budgets.get(address)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('with keys', () => {
  it('only admins set what others spend, and nobody sees the budgets of another tenant', async () => {
    await using closed = await openTestServer();
    const { access, squadra } = closed.assembly;
    const key = async (tenant: string, scopes: readonly ('read' | 'write' | 'admin')[]) =>
      (await access.createKey(tenant, { name: 'k', scopes, expiresInMs: null })).text;
    const [writer, admin, foreign] = [
      await key('acme', ['write']),
      await key('acme', ['admin']),
      await key('other', ['admin']),
    ];
    const as = (text: string) => ({ authorization: `Bearer ${text}` });
    const request = (text: string, method: string, path: string, body?: unknown) =>
      closed.ask(`/budgets/${path}`, { method, headers: as(text), ...(body === undefined ? {} : { body }) });
    expect(await request(writer, 'PUT', 'tenant/acme/day', { limitTokens: 5 })).toMatchObject(
      refused(403, 'FORBIDDEN'),
    );
    expect(await request(admin, 'PUT', 'tenant/acme/day', { limitTokens: 5 })).toMatchObject({ status: 200 });
    expect(await request(writer, 'DELETE', 'tenant/acme/day')).toMatchObject(refused(403, 'FORBIDDEN'));
    expect(await request(writer, 'GET', 'tenant/acme/day')).toMatchObject({ status: 200, body: { limitTokens: 5 } });
    expect(await request(foreign, 'GET', 'tenant/acme/day')).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await request(foreign, 'DELETE', 'tenant/acme/day')).toMatchObject(refused(404, 'NOT_FOUND'));
    const run = await squadra.forTenant('acme').submit('pipeline', { message: 'Hello', start: false });
    expect(await request(writer, 'PUT', `execution/${run.id}/total`, { limitTokens: 5 })).toMatchObject({
      status: 200,
    });
    expect(await request(foreign, 'PUT', `execution/${run.id}/total`, { limitTokens: 5 })).toMatchObject(
      refused(404, 'NOT_FOUND'),
    );
  });
});

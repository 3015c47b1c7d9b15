import { expect } from 'vitest';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, TestServer } from '../../support/http-server.ts';

/** An id as those of squads are, that nothing has. */
export const unknownId = '01a203f4-84a6-7004-8ba2-7fae218d8be2';

export interface SquadDocument {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly members: readonly { readonly id: string; readonly name: string; readonly role: string }[];
}

export const squadIn = (answer: Answer): SquadDocument => answer.body as SquadDocument;

/** Requests about squads to a server of its own, each answer held against the description. */
export interface SquadRequests extends AsyncDisposable {
  readonly server: TestServer;
  readonly ask: TestServer['ask'];
  /** A name that no squad of the server has. */
  freshName(): string;
  /** With one tester where nothing is said. */
  create(fields?: object): Promise<SquadDocument>;
  patch(id: string, body: unknown, ifMatch?: string): Promise<Answer>;
  remove(id: string, ifMatch?: string): Promise<Answer>;
}

export async function openSquadRequests(): Promise<SquadRequests> {
  const server = await openTestServer();
  const ask = await describedAsk(server);
  const condition = (ifMatch?: string) => (ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } });
  let number = 0;
  const freshName = (): string => `crew ${++number}`;
  return {
    server,
    ask,
    freshName,
    create: async (fields = {}) => {
      const answer = await ask('/squads', { body: { name: freshName(), members: [{ role: 'tester' }], ...fields } });
      expect(answer.status).toBe(201);
      return squadIn(answer);
    },
    patch: (id, body, ifMatch) => ask(`/squads/${id}`, { method: 'PATCH', body, ...condition(ifMatch) }),
    remove: (id, ifMatch) => ask(`/squads/${id}`, { method: 'DELETE', ...condition(ifMatch) }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

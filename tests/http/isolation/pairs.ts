import type { Operation } from '../../support/answer-schema.ts';
import { randomId } from './tenants.ts';
import type { Tenants } from './tenants.ts';

/** One operation of the description. */
export interface Described {
  readonly method: string;
  readonly template: string;
  readonly operation: Operation;
}

/** Two addresses of one operation: one that leads to what is somebody else's, and the like that leads nowhere. */
export interface Pair {
  readonly what: string;
  readonly foreign: string;
  readonly random: string;
}

export const prefix = '/api/v1';

/** The addresses with a parameter, and what may stand for it. A kind of address that is not here has no pairs. */
function subjects({ theirs: { things }, ours }: Tenants): Readonly<Record<string, readonly Pair[]>> {
  const byId = (ids: readonly string[], what = ''): Pair[] =>
    ids.map((foreign, place) => ({ what: `${what}${place}`, foreign, random: randomId }));
  const members = things.members.flatMap((member) => [
    {
      what: 'a foreign member of a foreign squad',
      foreign: `${things.squads[0]}/members/${member}`,
      random: `${randomId}/members/${randomId}`,
    },
    {
      what: 'a foreign member of our squad',
      foreign: `${ours.squad}/members/${member}`,
      random: `${ours.squad}/members/${randomId}`,
    },
    {
      what: 'our member of a foreign squad',
      foreign: `${things.squads[0]}/members/${ours.member}`,
      random: `${randomId}/members/${ours.member}`,
    },
  ]);
  return {
    '/squads/{id}': byId(things.squads, 'squad '),
    '/squads/{id}/members/{memberId}': members,
    '/executions/{id}': Object.entries(things.executions).map(([what, foreign]) => ({
      what,
      foreign,
      random: randomId,
    })),
    '/executions/{id}/signals/{name}': ['release', 'other'].flatMap((name) =>
      Object.entries(things.executions).map(([what, id]) => ({
        what: `${what} ${name}`,
        foreign: `${id}/signals/${name}`,
        random: `${randomId}/signals/${name}`,
      })),
    ),
    '/executions/{id}/files/{path}': [
      {
        what: 'a file',
        foreign: `${things.executions.completed}/files/classified-plan.md`,
        random: `${randomId}/files/classified-plan.md`,
      },
    ],
    '/agent-pool/{memberId}': byId(things.members, 'member '),
    '/approvals/{id}': byId(things.approvals, 'approval '),
    '/schedules/{id}': byId(things.schedules, 'schedule '),
    '/work-items/{id}': byId(things.workItems, 'work item '),
    '/convoys/{id}': Object.entries(things.convoys).map(([what, foreign]) => ({ what, foreign, random: randomId })),
    '/budgets/{scope}/{id}/{period}': [
      {
        what: 'execution',
        foreign: `execution/${things.executions.completed}/total`,
        random: `execution/${randomId}/total`,
      },
      { what: 'squad', foreign: `squad/${things.squads[0]}/day`, random: `squad/${randomId}/day` },
      { what: 'tenant', foreign: 'tenant/theirs/day', random: 'tenant/nobody/day' },
    ],
  };
}

/** The pairs of an operation with a parameter in its address. Throws, naming it, when nothing here stands for it. */
export function pairsOf(tenants: Tenants, { method, template }: Pick<Described, 'method' | 'template'>): Pair[] {
  const parts = template.slice(prefix.length).split('/');
  const last = parts.findLastIndex((part) => part.startsWith('{'));
  const kind = parts.slice(0, last + 1).join('/');
  const rest = parts.slice(last + 1).map((part) => `/${part}`);
  const found = template.startsWith(`${prefix}/`) ? subjects(tenants)[kind] : undefined;
  if (found === undefined)
    throw new Error(
      `No pair of a foreign and a random id is known for ${method} ${template}: say what is in its place.`,
    );
  const base = `${prefix}/${parts[1]}/`;
  return found.map(({ what, foreign, random }) => ({
    what,
    foreign: `${base}${foreign}${rest.join('')}`,
    random: `${base}${random}${rest.join('')}`,
  }));
}

/** By operation: a body that it takes. */
const bodies: Readonly<Record<string, unknown>> = {
  createSquad: { name: 'new crew', members: [{ role: 'tester' }] },
  updateSquad: { description: 'changed' },
  addMember: { role: 'tester' },
  updateMember: { instructions: 'changed' },
  submitExecution: { workflow: 'done', input: 1, start: false },
  startExecution: {},
  cancelExecution: { reason: 'changed' },
  retryExecution: {},
  forkExecution: { from: 'nothing' },
  signalExecution: { any: 'payload' },
  answerApproval: { choice: 'yes' },
  createWorkItem: { title: 'new item' },
  updateWorkItem: { priority: 7 },
  createStreamToken: {},
  createSchedule: { every: '1h', workflow: 'done', input: 1 },
  updateSchedule: { status: 'paused' },
  createConvoy: { items: [{ key: 'a', role: 'tester', message: 'Look.' }], squad: 'our crew' },
  cancelConvoy: { reason: 'changed' },
  retryConvoy: {},
  setBudget: { limitTokens: 7 },
};

/** Throws, naming the operation, when it takes a body and none is known. */
export function bodyOf({ method, template, operation }: Described): unknown {
  if (operation.requestBody === undefined) return undefined;
  const body = bodies[operation.operationId];
  if (body === undefined) throw new Error(`No body is known for ${method} ${template}: say one that it takes.`);
  return body;
}

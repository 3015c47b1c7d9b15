import type {
  Accepted,
  AcceptedConvoy,
  AgentPoolDocument,
  ApprovalDocument,
  ApprovalQuery,
  ApprovalReply,
  BudgetAddress,
  BudgetDocument,
  BudgetLimits,
  BudgetQuery,
  ConvoyDocument,
  ConvoyQuery,
  ConvoySummary,
  ExecutionDocument,
  ExecutionQuery,
  ExecutionSummary,
  FilesDocument,
  Fork,
  MemberDocument,
  MemberUpdate,
  MessageDocument,
  NewConvoy,
  NewMember,
  NewSquad,
  NewWorkItem,
  PageDocument,
  PooledAgentDocument,
  SquadDocument,
  SquadUpdate,
  WorkItemCounts,
  WorkItemDocument,
  WorkItemQuery,
  WorkItemUpdate,
} from './documents.ts';
import type { Transport } from './transport.ts';

export interface SubmitOptions {
  /** The same key with the same request is the same execution or convoy. One is made where none is given, so that a lost answer costs nothing. */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A thing as it was read: its id and the version that a change is for. */
export interface Versioned {
  readonly id: string;
  readonly version: number;
}

export interface PageQuery {
  readonly cursor?: string;
  /** 1 to 200; 50 where nothing is said. */
  readonly limit?: number;
}

export interface SquadQuery extends PageQuery {
  /** Those that this user made. */
  readonly userId?: string;
}

export interface Executions {
  /** Newest first. */
  list(query?: ExecutionQuery): Promise<PageDocument<ExecutionSummary>>;
  get(id: string): Promise<ExecutionDocument>;
  /** By `seq`; the request is the first. `after` leaves out those up to that `seq`. */
  messages(id: string, query?: PageQuery & { readonly after?: string }): Promise<PageDocument<MessageDocument>>;
  start(id: string): Promise<Accepted>;
  cancel(id: string, reason?: string): Promise<Accepted>;
  retry(id: string): Promise<Accepted>;
  signal(id: string, name: string, payload?: unknown): Promise<Accepted>;
  /** A new execution that does it again from a step on; it is not sent twice by itself. */
  fork(id: string, fork: Fork): Promise<Accepted>;
  /** What its members have written so far. */
  files(id: string): Promise<FilesDocument>;
  /** One of them, as the server gives it out. */
  file(id: string, path: string, signal?: AbortSignal): Promise<Response>;
}

export interface Squads {
  create(squad: NewSquad): Promise<SquadDocument>;
  list(query?: SquadQuery): Promise<PageDocument<SquadDocument>>;
  get(id: string): Promise<SquadDocument>;
  /** Changes the version that was read; `STALE_VERSION` when it is another by now. */
  update(squad: Versioned, change: SquadUpdate): Promise<SquadDocument>;
  remove(id: string): Promise<void>;
  addMember(squadId: string, member: NewMember): Promise<MemberDocument>;
  updateMember(squadId: string, member: Versioned, change: MemberUpdate): Promise<MemberDocument>;
  removeMember(squadId: string, memberId: string): Promise<void>;
}

export interface Approvals {
  list(query?: ApprovalQuery): Promise<PageDocument<ApprovalDocument>>;
  get(id: string): Promise<ApprovalDocument>;
  answer(id: string, answer: ApprovalReply): Promise<ApprovalDocument>;
}

export interface WorkItems {
  create(item: NewWorkItem): Promise<WorkItemDocument>;
  /** By priority, high first, then age. */
  list(query?: WorkItemQuery): Promise<PageDocument<WorkItemDocument>>;
  get(id: string): Promise<WorkItemDocument>;
  update(item: Versioned, change: WorkItemUpdate): Promise<WorkItemDocument>;
  remove(id: string): Promise<void>;
  stats(): Promise<WorkItemCounts>;
}

export interface Convoys {
  /** Resolves when it is stored; the work goes on at the server. */
  create(convoy: NewConvoy, options?: SubmitOptions): Promise<AcceptedConvoy>;
  /** Newest first. */
  list(query?: ConvoyQuery): Promise<PageDocument<ConvoySummary>>;
  get(id: string): Promise<ConvoyDocument>;
  cancel(id: string, reason?: string): Promise<AcceptedConvoy>;
  /** Failed items, and those that were cancelled because of them. */
  retry(id: string): Promise<AcceptedConvoy>;
}

export interface Budgets {
  /** By scope, id and period. */
  list(query?: BudgetQuery): Promise<PageDocument<BudgetDocument>>;
  get(budget: BudgetAddress): Promise<BudgetDocument>;
  /** New, or in place of the one there is. */
  set(budget: BudgetAddress, limits: BudgetLimits): Promise<BudgetDocument>;
  remove(budget: BudgetAddress): Promise<void>;
}

/** The agents that are built for the tenant. */
export interface AgentPool {
  list(query?: PageQuery): Promise<AgentPoolDocument>;
  /** That of a member, in the version that was last asked for; `NOT_FOUND` while none is built. */
  get(memberId: string): Promise<PooledAgentDocument>;
  /** Lets go what is built, of one member or of all: the next ask builds anew. */
  drop(memberId?: string): Promise<void>;
}

const base = '/api/v1';

export function executionsOf(transport: Transport): Executions {
  const at = (id: string, rest = ''): string => `${base}/executions/${encodeURIComponent(id)}${rest}`;
  const post = (path: string, body?: unknown): Promise<Accepted> => transport.send(path, { method: 'POST', body });
  return {
    list: (query = {}) => transport.send(`${base}/executions`, { query }),
    get: (id) => transport.send(at(id)),
    messages: (id, query = {}) => transport.send(at(id, '/messages'), { query: { ...query } }),
    start: (id) => post(at(id, '/start')),
    cancel: (id, reason) => post(at(id, '/cancel'), reason === undefined ? undefined : { reason }),
    retry: (id) => post(at(id, '/retry')),
    signal: (id, name, payload) => post(at(id, `/signals/${encodeURIComponent(name)}`), payload),
    fork: (id, fork) => post(at(id, '/fork'), fork),
    files: (id) => transport.send(at(id, '/files')),
    file: (id, path, signal) => transport.open(at(id, `/files/${encodeURIComponent(path)}`), { signal }),
  };
}

export function squadsOf(transport: Transport): Squads {
  const at = (id: string, rest = ''): string => `${base}/squads/${encodeURIComponent(id)}${rest}`;
  const memberAt = (id: string, memberId: string): string => at(id, `/members/${encodeURIComponent(memberId)}`);
  return {
    create: (body) => transport.send(`${base}/squads`, { method: 'POST', body }),
    list: (query = {}) => transport.send(`${base}/squads`, { query: { ...query } }),
    get: (id) => transport.send(at(id)),
    update: (squad, body) => transport.send(at(squad.id), changing(squad, body)),
    remove: (id) => transport.send(at(id), { method: 'DELETE' }),
    addMember: (id, body) => transport.send(at(id, '/members'), { method: 'POST', body }),
    updateMember: (id, member, body) => transport.send(memberAt(id, member.id), changing(member, body)),
    removeMember: (id, memberId) => transport.send(memberAt(id, memberId), { method: 'DELETE' }),
  };
}

export function approvalsOf(transport: Transport): Approvals {
  const at = (id: string): string => `${base}/approvals/${encodeURIComponent(id)}`;
  return {
    list: (query = {}) => transport.send(`${base}/approvals`, { query }),
    get: (id) => transport.send(at(id)),
    answer: (id, body) => transport.send(at(id), { method: 'POST', body }),
  };
}

export function workItemsOf(transport: Transport): WorkItems {
  const at = (id: string): string => `${base}/work-items/${encodeURIComponent(id)}`;
  return {
    create: (body) => transport.send(`${base}/work-items`, { method: 'POST', body }),
    list: (query = {}) => transport.send(`${base}/work-items`, { query }),
    get: (id) => transport.send(at(id)),
    update: (item, body) => transport.send(at(item.id), changing(item, body)),
    remove: (id) => transport.send(at(id), { method: 'DELETE' }),
    stats: () => transport.send(`${base}/work-items/stats`),
  };
}

export function convoysOf(transport: Transport): Convoys {
  const at = (id: string, rest = ''): string => `${base}/convoys/${encodeURIComponent(id)}${rest}`;
  const post = (path: string, body?: unknown): Promise<AcceptedConvoy> =>
    transport.send(path, { method: 'POST', body });
  return {
    create: (body, { idempotencyKey = crypto.randomUUID(), signal } = {}) =>
      transport.send(`${base}/convoys`, {
        method: 'POST',
        body,
        headers: { 'idempotency-key': idempotencyKey },
        isRepeatable: true,
        signal,
      }),
    list: (query = {}) => transport.send(`${base}/convoys`, { query }),
    get: (id) => transport.send(at(id)),
    cancel: (id, reason) => post(at(id, '/cancel'), reason === undefined ? undefined : { reason }),
    retry: (id) => post(at(id, '/retry')),
  };
}

export function budgetsOf(transport: Transport): Budgets {
  const at = ({ scope, id, period }: BudgetAddress): string =>
    `${base}/budgets/${scope}/${encodeURIComponent(id)}/${period}`;
  return {
    list: (query = {}) => transport.send(`${base}/budgets`, { query }),
    get: (budget) => transport.send(at(budget)),
    set: (budget, body) => transport.send(at(budget), { method: 'PUT', body, isRepeatable: true }),
    remove: (budget) => transport.send(at(budget), { method: 'DELETE' }),
  };
}

export function agentPoolOf(transport: Transport): AgentPool {
  const at = (memberId?: string): string =>
    `${base}/agent-pool${memberId === undefined ? '' : `/${encodeURIComponent(memberId)}`}`;
  return {
    list: (query = {}) => transport.send(at(), { query: { ...query } }),
    get: (memberId) => transport.send(at(memberId)),
    drop: (memberId) => transport.send(at(memberId), { method: 'DELETE' }),
  };
}

function changing({ version }: Versioned, body: unknown) {
  return { method: 'PATCH', body, headers: { 'if-match': `"${version}"` } } as const;
}

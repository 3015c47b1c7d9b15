import { readEvents } from './event-stream.ts';
import type { StreamEvent, StreamOptions } from './event-stream.ts';
import { agentPoolOf, approvalsOf, budgetsOf, convoysOf, executionsOf, squadsOf, workItemsOf } from './resources.ts';
import type {
  AgentPool,
  Approvals,
  Budgets,
  Convoys,
  Executions,
  Squads,
  SubmitOptions,
  WorkItems,
} from './resources.ts';
import type {
  Accepted,
  CacheDocument,
  CostDocument,
  CostQuery,
  Me,
  RoleDocument,
  SignedIn,
  Submission,
  TemplateDocument,
  WorkflowDocument,
} from './documents.ts';
import { metricsOf } from './metrics.ts';
import type { Metrics } from './metrics.ts';
import { schedulesOf } from './schedules.ts';
import type { Schedules } from './schedules.ts';
import { Transport } from './transport.ts';
import type { ClientOptions } from './transport.ts';

/** Squadra over HTTP, for Node and browsers. Every call throws `ProblemError`. */
export interface Client {
  /** Resolves when the request is stored; the work goes on at the server. */
  submit(request: Submission, options?: SubmitOptions): Promise<Accepted>;
  /** What an execution tells, from its beginning or after an id, until it has ended; connections that are lost are opened again. */
  events(id: string, options?: StreamOptions): AsyncGenerator<StreamEvent, void, void>;
  /** What all executions tell from now on, or after a cursor; of one squad where it is named. Ends when the signal aborts. */
  allEvents(options?: StreamOptions & { readonly squad?: string }): AsyncGenerator<StreamEvent, void, void>;
  /** The answer of `ui-stream`: the AI SDK's UI message stream. */
  openUiStream(id: string, signal?: AbortSignal): Promise<Response>;
  readonly executions: Executions;
  readonly squads: Squads;
  readonly approvals: Approvals;
  readonly workItems: WorkItems;
  readonly convoys: Convoys;
  readonly budgets: Budgets;
  readonly schedules: Schedules;
  readonly agentPool: AgentPool;
  readonly metrics: Metrics;
  /** How well what is kept at hand does, by region. */
  cache(): Promise<CacheDocument>;
  /** What was spent: the sum, and a page of its parts. */
  costs(query?: CostQuery): Promise<CostDocument>;
  roles(): Promise<readonly RoleDocument[]>;
  templates(): Promise<readonly TemplateDocument[]>;
  workflows(): Promise<readonly WorkflowDocument[]>;
  me(): Promise<Me>;
  /** For pages of the server: it keeps a cookie in the browser that stands for the key. */
  signIn(key: string): Promise<SignedIn>;
  /** Ends what the cookie stands for. */
  signOut(): Promise<void>;
}

/**
 * @example
 * const squadra = createClient({ url: 'http://127.0.0.1:8080', key: process.env.SQUADRA_KEY });
 * const { id } = await squadra.submit({ squad: 'software', message: 'Plan a login page' });
 * for await (const { event, data } of squadra.events(id)) console.log(event, data);
 * const { output, costMicroUsd } = await squadra.executions.get(id);
 */
export function createClient(options: ClientOptions): Client {
  const transport = new Transport(options);
  const items = async <T>(path: string): Promise<readonly T[]> =>
    (await transport.send<{ readonly items: readonly T[] }>(path)).items;
  return {
    submit: (body, { idempotencyKey = crypto.randomUUID(), signal } = {}) =>
      transport.send('/api/v1/executions', {
        method: 'POST',
        body,
        headers: { 'idempotency-key': idempotencyKey },
        isRepeatable: true,
        signal,
      }),
    events: (id, stream = {}) =>
      readEvents(transport, `/api/v1/executions/${encodeURIComponent(id)}/events`, {}, stream),
    allEvents: ({ squad, ...stream } = {}) => readEvents(transport, '/api/v1/events', { squad }, stream),
    openUiStream: (id, signal) => transport.open(`/api/v1/executions/${encodeURIComponent(id)}/ui-stream`, { signal }),
    executions: executionsOf(transport),
    squads: squadsOf(transport),
    approvals: approvalsOf(transport),
    workItems: workItemsOf(transport),
    convoys: convoysOf(transport),
    budgets: budgetsOf(transport),
    schedules: schedulesOf(transport),
    agentPool: agentPoolOf(transport),
    metrics: metricsOf(transport),
    cache: () => transport.send('/api/v1/cache'),
    costs: (query = {}) => transport.send('/api/v1/costs', { query }),
    roles: () => items('/api/v1/roles'),
    templates: () => items('/api/v1/templates'),
    workflows: () => items('/api/v1/workflows'),
    me: () => transport.send('/api/v1/me'),
    signIn: (key) => transport.send('/api/v1/session', { method: 'POST', body: { key } }),
    signOut: () => transport.send('/api/v1/session', { method: 'DELETE', isRepeatable: true }),
  };
}

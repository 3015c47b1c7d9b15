interface CatalogueRow {
  /** The HTTP status of an answer that carries this error. */
  readonly status: number;
  /** Whether the same attempt may succeed later. */
  readonly retryable: boolean;
  /** One line: what the reader can do now. */
  readonly help: string;
}

/**
 * Every error Squadra raises on purpose. Retry and HTTP code read the row, never a class.
 * A code keeps its meaning for ever; a code that goes away is not given to something else.
 */
// One row on a line, so that it reads as the table it is.
// prettier-ignore
export const errorCatalogue = {
  INVALID_INPUT: { status: 400, retryable: false, help: 'Correct the fields that `details` names and send the request again.' },
  INVALID_SETTING: { status: 400, retryable: false, help: 'Correct the settings listed in the message; all problems are listed at once.' },
  INVALID_DURATION: { status: 400, retryable: false, help: "Write a duration as milliseconds, as text with units ('30s', '1h30m', '7d') or as { hours: 1, minutes: 30 }." },
  INVALID_CURSOR: { status: 400, retryable: false, help: 'Pass the nextCursor of the previous page unchanged, or leave the cursor out to start at the beginning.' },
  UNKNOWN_WORKFLOW: { status: 400, retryable: false, help: 'Register the workflow with openSquadra({ workflows }) or list its file in squadra.yaml, and check its name.' },
  UNKNOWN_ROLE: { status: 400, retryable: false, help: 'Correct the role: the message names those there are. A workflow can only ask roles that its squad has a member for.' },
  UNKNOWN_TEMPLATE: { status: 400, retryable: false, help: 'Use one of the template names in the message, or create the squad from members alone.' },
  UNKNOWN_SPECIALIZATION: { status: 400, retryable: false, help: 'Use one of the specializations the role offers (named in the message), or leave it out.' },
  UNKNOWN_SQUAD: { status: 400, retryable: false, help: '`squadra squads` lists the squads of this tenant; create the squad first or correct its name.' },
  UNKNOWN_CHOICE: { status: 400, retryable: false, help: 'Answer with one of the choices the approval offers; they are named in the message.' },
  DEPENDENCY_CYCLE: { status: 400, retryable: false, help: 'Remove one of the dependencies that form the circle named in the message.' },
  UNKNOWN_DEPENDENCY: { status: 400, retryable: false, help: 'Create the item that is depended on first, or correct its id.' },
  UNAUTHENTICATED: { status: 401, retryable: false, help: 'Send `Authorization: Bearer <key>` with a key that `squadra keys create` made, or a token of the configured issuer.' },
  FORBIDDEN: { status: 403, retryable: false, help: 'Use a key with the scope that the message names; `squadra keys create --scopes` makes one.' },
  FOREIGN_ORIGIN: { status: 403, retryable: false, help: "List the page's origin in SQUADRA_CORS_ORIGINS, or ask from a page that this server gave out." },
  WRONG_HOST: { status: 421, retryable: false, help: 'Ask http://127.0.0.1 or http://localhost, or make a key (`squadra keys create`): with keys, any name will do.' },
  ISSUER_UNAVAILABLE: { status: 503, retryable: true, help: 'Try again after a moment; if it lasts, check SQUADRA_OIDC_ISSUER and whether this machine reaches it.' },
  NOT_FOUND: { status: 404, retryable: false, help: 'Check the id; it may have been deleted, or belong to another tenant.' },
  NAME_TAKEN: { status: 409, retryable: false, help: 'Choose another name, or use the one that already exists.' },
  IDEMPOTENCY_CONFLICT: { status: 409, retryable: false, help: 'Use a new idempotency key for a new request; repeat a request only with exactly the same content.' },
  ILLEGAL_TRANSITION: { status: 409, retryable: false, help: 'Read the current status and do what it allows; the message names both.' },
  ALREADY_ENDED: { status: 409, retryable: false, help: 'Nothing can be sent to an execution that has ended; retry it if it failed, or submit a new one.' },
  ALREADY_ANSWERED: { status: 409, retryable: false, help: 'The first answer counts; read the approval to see who gave it.' },
  OPEN_EXECUTIONS: { status: 409, retryable: false, help: 'Wait for the open executions of this squad to end, or cancel them, then delete it again.' },
  SQUAD_SCHEDULED: { status: 409, retryable: false, help: 'Delete the schedules of this squad first (`squadra schedules delete`, DELETE /schedules/{id}), then the squad.' },
  TOO_MANY_SCHEDULES: { status: 409, retryable: false, help: 'Delete schedules that are not needed any more, or raise SQUADRA_MAX_SCHEDULES.' },
  ITEM_OWNED: { status: 409, retryable: false, help: 'An execution moves this work item; change only its metadata and priority, or act on the execution.' },
  STALE_VERSION: { status: 412, retryable: false, help: 'Someone changed it since it was read: read it again, apply the change to the new version, send that.' },
  STALE_OWNER: { status: 409, retryable: false, help: 'Nothing to do: a newer run of the same execution has taken over and this one has stopped.' },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false, help: 'Send less, or put the content into a file and send its name; SQUADRA_MAX_INPUT_BYTES raises the limit.' },
  HEADERS_TOO_LARGE: { status: 431, retryable: false, help: 'Send less than 16 KiB of headers and address in all.' },
  REQUEST_TIMEOUT: { status: 408, retryable: true, help: 'Send the whole request within the time of SQUADRA_REQUEST_TIMEOUT.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, help: 'Send the body as JSON, with the header Content-Type: application/json.' },
  PRECONDITION_REQUIRED: { status: 428, retryable: false, help: 'Read it first, and send the ETag of what was read in the header If-Match.' },
  ADDRESS_IN_USE: { status: 500, retryable: false, help: 'Stop the program that listens there, or choose another port with --port or SQUADRA_PORT (0 takes any).' },
  RESULT_TOO_LARGE: { status: 413, retryable: false, help: 'Return less, or write the content to a file and return its name; SQUADRA_MAX_RESULT_BYTES raises the limit.' },
  TOO_MANY_STEPS: { status: 422, retryable: false, help: 'Look for a loop that never ends, split the work over several executions, or raise SQUADRA_MAX_STEPS.' },
  JOURNAL_TOO_LARGE: { status: 422, retryable: false, help: 'Return less from each step, split the work over several executions, or raise SQUADRA_MAX_JOURNAL_BYTES.' },
  NOT_SERIALIZABLE: { status: 422, retryable: false, help: 'Return plain JSON values: no BigInt, function, symbol, Map, Set or object that contains itself.' },
  DUPLICATE_STEP: { status: 422, retryable: false, help: 'Give each step of a scope its own name; in a loop put the round into the name, or use step.scope.' },
  INVALID_STEP: { status: 422, retryable: false, help: 'Correct the name or option of the step that the message names.' },
  STEP_TIMEOUT: { status: 504, retryable: true, help: 'Make the step faster or give it more time with its timeout option; SQUADRA_STEP_TIMEOUT is the default.' },
  EXECUTION_STALLED: { status: 500, retryable: false, help: 'Await only steps in a workflow: wrap timers, requests and other promises in step.run, step.sleep or step.waitFor.' },
  CRASH_LOOP: { status: 500, retryable: false, help: 'The process died again and again while this execution ran: look at its last step and at the memory it takes, mend it, then retry the execution.' },
  EXECUTION_CANCELLED: { status: 409, retryable: false, help: 'The execution was cancelled; submit it again if the work is still wanted.' },
  WORKFLOW_FAILED: { status: 500, retryable: false, help: 'Read the cause, correct the workflow or what it depends on, then retry the execution: committed steps are kept.' },
  IN_DOUBT: { status: 409, retryable: false, help: 'The call was in flight during a crash: check whether it took effect, then answer the approval or retry the execution.' },
  QUEUE_FULL: { status: 503, retryable: true, help: 'Submit again after a moment; SQUADRA_MAX_QUEUED_EXECUTIONS and SQUADRA_BACKPRESSURE_THRESHOLD set where the gate closes.' },
  OVERLOADED: { status: 503, retryable: true, help: 'Submit again after the time in Retry-After; SQUADRA_MAX_SUBMISSION_WAIT, SQUADRA_MAX_LOOP_DELAY and SQUADRA_MAX_HEAP_SHARE set how much the process bears.' },
  RATE_LIMITED: { status: 429, retryable: true, help: 'Ask again after the time in Retry-After; SQUADRA_RATE_LIMIT_PER_MINUTE and SQUADRA_RATE_LIMIT_BURST set how often anybody may ask.' },
  STREAMS_FULL: { status: 503, retryable: true, help: 'Connect again after a moment; SQUADRA_MAX_STREAMS sets how many event streams the server keeps open.' },
  TOO_MANY_STREAMS: { status: 429, retryable: true, help: 'Close streams you no longer read, or follow many executions with one stream (GET /events); SQUADRA_MAX_STREAMS_PER_CALLER sets the limit.' },
  WRITES_SATURATED: { status: 503, retryable: true, help: 'Try again after a moment; if it lasts, the disk is too slow for the load (SQUADRA_MAX_PENDING_WRITES bounds the queue).' },
  POOL_EXHAUSTED: { status: 503, retryable: true, help: 'Try again after a moment; SQUADRA_READERS adds readers, SQUADRA_READER_TIMEOUT waits longer for one.' },
  SHUTTING_DOWN: { status: 503, retryable: true, help: 'Try again when Squadra runs again; what was accepted is kept and resumes at the next start.' },
  STORE_LOCKED: { status: 503, retryable: false, help: 'Stop the process that the message names, use it instead of starting a second one, or choose another state folder.' },
  STORE_CORRUPT: { status: 500, retryable: false, help: 'Stop, copy the state folder away, and restore the newest backup; see troubleshooting.' },
  STORE_FULL: { status: 507, retryable: true, help: 'Free space on the disk that holds the state folder; nothing that was acknowledged is lost.' },
  STORE_READ_ONLY: { status: 500, retryable: false, help: 'Give the user that runs Squadra write access to the state folder and its files.' },
  STORE_TOO_NEW: { status: 500, retryable: false, help: 'A newer Squadra wrote this state: run that version or newer, or choose another state folder.' },
  STORE_MOVED: { status: 503, retryable: false, help: 'Set DATABASE_URL and SQUADRA_ENGINE to work where the state is now; `squadra migrate unseal` takes the move back as long as the fleet has done nothing.' },
  STORE_NOT_EMPTY: { status: 409, retryable: false, help: 'Name an empty database in DATABASE_URL; nothing was changed in this one.' },
  STORE_INCOMPLETE: { status: 503, retryable: false, help: 'Run `squadra migrate solo-to-fleet` again, to its end: it begins anew, and the original is untouched until all is there.' },
  STORE_UNAVAILABLE: { status: 503, retryable: true, help: 'Try again after a moment; if it lasts, check DATABASE_URL and whether the database and its pooler run.' },
  STORE_FAILED: { status: 500, retryable: true, help: 'Read the cause; it is what the database or the disk answered.' },
  MODEL_UNAVAILABLE: { status: 502, retryable: true, help: 'The provider was unreachable, overloaded or limited the rate; check its status page and the address (OPENAI_BASE_URL, ANTHROPIC_BASE_URL, …) if it lasts.' },
  MODEL_REJECTED: { status: 502, retryable: false, help: 'Check the API key, the model name and the base URL; the message carries what the provider answered.' },
  MODEL_BROKEN_STREAM: { status: 502, retryable: true, help: 'The answer ended before it was complete and was dropped; check the network or proxy to the provider if it lasts.' },
  MODEL_TIMEOUT: { status: 504, retryable: true, help: 'The provider was too slow; the message names the limit, which can be raised.' },
  MODEL_LENGTH: { status: 422, retryable: false, help: 'The model hit its output limit: ask for less at once, or use a model with a larger one.' },
  MODEL_CONTENT_FILTER: { status: 422, retryable: false, help: "The provider's content filter stopped the answer: rephrase the request or use another model." },
  UNKNOWN_TOOL: { status: 400, retryable: false, help: 'Correct the name of the tool (the message names those there are), pass your own with openSquadra({ tools }), or configure its MCP server.' },
  TOOL_UNAVAILABLE: { status: 502, retryable: true, help: 'What the tool needs could not be reached or died: check the MCP server, its command and its address, or the disk.' },
  TOOL_TIMEOUT: { status: 504, retryable: true, help: "Give the tool more time (an MCP server's timeout, a tool's timeoutMs), or find out why it hangs." },
  UNKNOWN_PROVIDER: { status: 400, retryable: false, help: 'Configure the provider, pass it to openSquadra({ models }), or correct its name in the member.' },
  QUOTA_EXHAUSTED: { status: 429, retryable: false, help: 'Wait until the provider grants quota again or raise it there, then retry the execution: committed steps are kept.' },
  BUDGET_EXCEEDED: { status: 402, retryable: false, help: 'Raise the budget that the message names (`squadra budgets set`, PUT /budgets), or wait for its next period; then retry the execution: committed steps are kept.' },
  UNPRICED_MODEL: { status: 422, retryable: false, help: 'Give the model a price (`prices` in squadra.yaml), limit tokens instead of money, or use a model of the price list.' },
  STEP_LIMIT: { status: 422, retryable: false, help: 'The agent kept calling tools without an answer: narrow the request, or correct the tool it keeps calling.' },
  TOOL_CALL_LIMIT: { status: 422, retryable: false, help: 'The agent asked for too many tool calls: narrow the request, or raise SQUADRA_MAX_TOOL_CALLS_PER_ASK if they make sense.' },
  REPEATED_CALL: { status: 422, retryable: false, help: 'The agent made the same tool call again and again: see what the tool told it, and correct the tool or the request. SQUADRA_MAX_REPEATED_CALLS sets the limit.' },
  DELEGATION_DEPTH: { status: 422, retryable: false, help: 'Agents asked each other too deeply: say in their instructions who decides, or raise SQUADRA_MAX_DELEGATION_DEPTH.' },
  ASK_TIMEOUT: { status: 504, retryable: false, help: 'The agent worked on one ask for longer than SQUADRA_ASK_TIMEOUT: ask for less at once, or raise it, then retry the execution.' },
  CONTEXT_OVERFLOW: { status: 422, retryable: false, help: 'The conversation does not fit into the model: ask for less, use a model with a larger window, lower SQUADRA_MAX_TOOL_RESULT_BYTES, or allow summaries (SQUADRA_COMPACT_AT).' },
  INVALID_OUTPUT: { status: 422, retryable: false, help: 'The answer did not match the schema: simplify the schema, describe its fields, or use a stronger model.' },
  INVALID_PLAN: { status: 422, retryable: false, help: 'The first member planned work that its squad cannot carry out, twice: say in the request who should do what, or use a stronger model for that member.' },
  INTERNAL: { status: 500, retryable: true, help: 'This is a defect in Squadra: report it with the message, the stack and what led to it.' },
} as const satisfies Record<string, CatalogueRow>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;

/** Facts about an error for programs to read: ids, versions, limits. Plain JSON values. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** Whether `code` is a code of the catalogue. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
}

/**
 * An error of the catalogue. The message says what happened, to which id, and what to do next;
 * `status`, `retryable` and `help` are those of the code's row.
 *
 * @example
 * try {
 *   await run.retry();
 * } catch (error) {
 *   if (error instanceof SquadraError && error.code === 'ILLEGAL_TRANSITION') console.log(error.details);
 * }
 */
export class SquadraError extends Error {
  static {
    // On the prototype, so that the first line of the stack bears the name too.
    Object.defineProperty(this.prototype, 'name', { value: 'SquadraError', writable: true, configurable: true });
  }

  readonly code: ErrorCode;
  /** The HTTP status of an answer that carries this error. */
  readonly status: number;
  /** Whether the same attempt may succeed later. */
  readonly retryable: boolean;
  /** One line: what the reader can do now. */
  readonly help: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    const row = errorCatalogue[code];
    this.code = code;
    this.status = row.status;
    this.retryable = row.retryable;
    this.help = row.help;
    this.details = options.details ?? {};
  }
}

/**
 * Thrown by a step or a tool to say: trying again cannot help. The step fails at once, without retries.
 *
 * @example
 * await step.run('charge', async () => {
 *   if (card.expired) throw new NonRetryableError('The card has expired; ask for another one.');
 * });
 */
export class NonRetryableError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', { value: 'NonRetryableError', writable: true, configurable: true });
  }
}

/** Whether a failed attempt may be tried again: yes, unless the error says otherwise. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof SquadraError) return error.retryable;
  return !(error instanceof NonRetryableError);
}

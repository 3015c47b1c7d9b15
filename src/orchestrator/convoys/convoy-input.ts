import { SquadraError } from '../../kernel/errors.ts';
import { durationMs } from '../../kernel/duration.ts';
import type { IdSource } from '../../kernel/id.ts';
import type { Member, Squad } from '../../squads/squad.ts';
import type { ConvoyLimits, NewConvoyItem } from '../../work/convoy.ts';
import type { ConvoyItemInput, ConvoyRequest } from '../../work/convoy-request.ts';

/** What `checkConvoy` makes of a request. */
export interface CheckedConvoy {
  readonly items: readonly NewConvoyItem[];
  readonly parallelism: 'auto' | number;
  readonly limits: ConvoyLimits;
  readonly stopOnFirstFailure: boolean;
  readonly timeoutMs: number | null;
}

/** Limits of one convoy. Bytes are of the messages together. */
export interface ConvoySettings {
  readonly maxConvoyItems: number;
  readonly maxInputBytes: number;
  readonly baselineParallelism: number;
  readonly maxParallelism: number;
}

const maxKeyLength = 200;
const maxTitleLength = 200;
const maxDependencies = 1_000;
const maxParallel = 10_000;
const optionNames = new Set([
  'squad',
  'items',
  'idempotencyKey',
  'parallelism',
  'stopOnFirstFailure',
  'timeout',
  'baselineParallelism',
  'maxParallelism',
  'cpuThreshold',
  'memoryThreshold',
]);
const itemNames = new Set(['key', 'role', 'memberId', 'message', 'dependsOn', 'priority']);

/**
 * Checks a convoy against its squad. Throws `INVALID_INPUT` (also for a key that is there twice, naming it), `UNKNOWN_ROLE`,
 * `UNKNOWN_DEPENDENCY` or `DEPENDENCY_CYCLE` naming the keys; `problems` says at which places of the list those items are.
 */
export function checkConvoy(
  request: ConvoyRequest,
  squad: Squad,
  settings: ConvoySettings,
  ids: IdSource,
): CheckedConvoy {
  try {
    return check(request, squad, settings, ids);
  } catch (error) {
    throw error instanceof SquadraError ? withPlaces(error, request.items) : error;
  }
}

function withPlaces(error: SquadraError, items: readonly ConvoyItemInput[]): SquadraError {
  const { code, message, details } = error;
  const { key, keys = [key] } = details;
  const named = new Set(Array.isArray(keys) ? keys : []);
  // Of two with the same key the second is the one too many.
  const places = new Map(items.map((item, place) => [item.key, place]));
  const problems = [...places].flatMap(([each, place]) =>
    named.has(each) ? [{ path: `items.${place}`, message }] : [],
  );
  return problems.length === 0
    ? error
    : new SquadraError(code, message, { cause: error, details: { ...details, problems } });
}

function check(request: ConvoyRequest, squad: Squad, settings: ConvoySettings, ids: IdSource): CheckedConvoy {
  checkFields(request, optionNames, 'a convoy');
  const { items, parallelism = 'auto', stopOnFirstFailure = false, timeout, idempotencyKey } = request;
  if (idempotencyKey !== undefined && (idempotencyKey === '' || idempotencyKey.length > 255))
    throw invalid("'idempotencyKey' has to have 1 to 255 characters");
  if (!Array.isArray(items) || items.length === 0) throw invalid('a convoy has at least one item');
  if (items.length > settings.maxConvoyItems)
    throw invalid(
      `it has ${items.length} items, and the most is ${settings.maxConvoyItems} (SQUADRA_MAX_CONVOY_ITEMS)`,
    );
  if (parallelism !== 'auto' && !isWhole(parallelism, 1, maxParallel))
    throw invalid(`'parallelism' is ${String(parallelism)}; use 'auto' or a whole number from 1 to ${maxParallel}`);
  const byKey = new Map<string, ConvoyItemInput>();
  for (const item of items) {
    checkItem(item);
    if (byKey.has(item.key)) throw invalid(`two items have the key '${item.key}'`, { key: item.key });
    byKey.set(item.key, item);
  }
  checkSize(items, settings.maxInputBytes);
  for (const { key, dependsOn = [] } of items)
    for (const needed of dependsOn)
      if (!byKey.has(needed))
        throw new SquadraError(
          'UNKNOWN_DEPENDENCY',
          `Item '${key}' depends on '${needed}', and no item has that key.`,
          {
            details: { key, dependency: needed },
          },
        );
  const cycle = findCycle(items);
  if (cycle !== null)
    throw new SquadraError(
      'DEPENDENCY_CYCLE',
      `Items wait for each other in a circle: ${cycle.map((key) => `'${key}'`).join(' → ')}.`,
      { details: { keys: [...cycle] } },
    );
  const idOf = new Map(items.map(({ key }) => [key, ids()]));
  const find = memberFinder(squad);
  return {
    items: items.map((item) => ({
      id: idOf.get(item.key) ?? '',
      key: item.key,
      memberId: find(item).id,
      priority: item.priority ?? 0,
      dependencies: [...new Set(item.dependsOn)].map((needed) => idOf.get(needed) ?? ''),
      title: titleOf(item),
      message: item.message,
    })),
    parallelism,
    limits: checkLimits(request, settings),
    stopOnFirstFailure,
    timeoutMs: timeout === undefined ? null : positive(durationMs(timeout, "the 'timeout' of the convoy")),
  };
}

function checkItem(item: ConvoyItemInput): void {
  checkFields(item, itemNames, 'an item of a convoy');
  const { key, role, memberId, message, dependsOn = [], priority = 0 } = item;
  if (typeof key !== 'string' || key === '' || key.length > maxKeyLength || /\p{Cc}/u.test(key))
    throw invalid(`an item has no usable 'key': use 1 to ${maxKeyLength} characters`);
  if ((role === undefined) === (memberId === undefined))
    throw invalid(`item '${key}' has exactly one of 'role' and 'memberId'`, { key });
  if (typeof message !== 'string' || message.trim() === '')
    throw invalid(`the 'message' of item '${key}' is empty`, { key });
  if (!Array.isArray(dependsOn) || dependsOn.length > maxDependencies)
    throw invalid(`item '${key}' depends on more than ${maxDependencies} others`, { key });
  if (!isWhole(priority, -100, 100))
    throw invalid(`the 'priority' of item '${key}' is ${priority}; use a whole number from -100 to 100`, { key });
}

function checkSize(items: readonly ConvoyItemInput[], maxBytes: number): void {
  const bytes = items.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0);
  if (bytes > maxBytes)
    throw new SquadraError(
      'PAYLOAD_TOO_LARGE',
      `The messages of the convoy have ${bytes} bytes; the most is ${maxBytes}.`,
      {
        details: { bytes, maxBytes },
      },
    );
}

function checkLimits(request: ConvoyRequest, settings: ConvoySettings): ConvoyLimits {
  const { baselineParallelism, maxParallelism, cpuThreshold, memoryThreshold } = request;
  for (const [name, value] of Object.entries({ baselineParallelism, maxParallelism }))
    if (value !== undefined && !isWhole(value, 1, maxParallel))
      throw invalid(`'${name}' is ${value}; use a whole number from 1 to ${maxParallel}`);
  for (const [name, value] of Object.entries({ cpuThreshold, memoryThreshold }))
    if (value !== undefined && !(value > 0 && value <= 100))
      throw invalid(`'${name}' is ${value}; use percent above 0 up to 100`);
  // What is given alone has to get along with the setting beside it.
  const least = baselineParallelism ?? settings.baselineParallelism;
  const most = maxParallelism ?? settings.maxParallelism;
  if ((baselineParallelism !== undefined || maxParallelism !== undefined) && least > most)
    throw invalid(`'baselineParallelism' (${least}) is more than 'maxParallelism' (${most})`);
  return {
    ...(baselineParallelism === undefined ? {} : { baselineParallelism }),
    ...(maxParallelism === undefined ? {} : { maxParallelism }),
    ...(cpuThreshold === undefined ? {} : { cpuThreshold }),
    ...(memoryThreshold === undefined ? {} : { memoryThreshold }),
  };
}

function memberFinder({ name, members }: Squad): (item: ConvoyItemInput) => Member {
  const byId = new Map(members.map((member) => [member.id, member]));
  const byRole = new Map(members.toReversed().map((member) => [member.role, member]));
  return ({ key, role, memberId }) => {
    const member = role === undefined ? byId.get(memberId ?? '') : byRole.get(role);
    if (member !== undefined) return member;
    const wanted = role === undefined ? `member '${String(memberId)}'` : `${role}`;
    const roles = [...new Set(members.map((each) => each.role))].join(', ');
    throw new SquadraError(
      'UNKNOWN_ROLE',
      `Item '${key}' is for ${wanted}, and squad '${name}' has none; its roles are ${roles}.`,
      {
        details: { key, ...(role === undefined ? { memberId: String(memberId) } : { role }) },
      },
    );
  };
}

/** The keys of one circle, the first again at the end; null when there is none. Without recursion: chains may be long. */
function findCycle(items: readonly ConvoyItemInput[]): readonly string[] | null {
  const needs = new Map(items.map(({ key, dependsOn = [] }) => [key, dependsOn]));
  const clear = new Set<string>();
  for (const start of needs.keys()) {
    const path: { readonly key: string; next: number }[] = [];
    const onPath = new Set<string>();
    const enter = (key: string): void => {
      path.push({ key, next: 0 });
      onPath.add(key);
    };
    if (!clear.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const needed = needs.get(top.key)?.[top.next++];
      if (needed === undefined) {
        clear.add(top.key);
        onPath.delete(top.key);
        path.pop();
      } else if (onPath.has(needed)) {
        const keys = path.map(({ key }) => key);
        return [...keys.slice(keys.indexOf(needed)), needed];
      } else if (!clear.has(needed)) enter(needed);
    }
  }
  return null;
}

/** The key, and the first line of the message that says something. */
function titleOf({ key, message }: ConvoyItemInput): string {
  const line = message.split('\n').find((each) => each.trim() !== '') ?? '';
  const title = `${key}: ${line.trim()}`;
  return title.length <= maxTitleLength ? title : `${title.slice(0, maxTitleLength - 1)}…`;
}

function checkFields(given: object, known: ReadonlySet<string>, what: string): void {
  for (const field of Object.keys(given)) if (!known.has(field)) throw invalid(`'${field}' is no field of ${what}`);
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function positive(ms: number): number {
  if (ms > 0) return ms;
  throw invalid("the 'timeout' is 0; leave it away for a convoy that takes as long as it takes");
}

function invalid(why: string, details: Readonly<Record<string, string>> = {}): SquadraError {
  return new SquadraError('INVALID_INPUT', `The convoy was refused: ${why}.`, { details });
}

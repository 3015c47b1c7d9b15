import { randomUUID } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { Clock } from '../../kernel/clock.ts';
import type { RedisConnection } from '../../redis/redis-connection.ts';
import { redisScript } from '../../redis/redis-script.ts';
import { cacheKey, cacheLifetimesMs } from '../cache.ts';
import type { CacheKind } from '../cache.ts';
import type { SecondTier, SecondTierStatistics, TierEntry } from '../second-tier.ts';

/** Larger values, in bytes, are read from the store each time. */
const maxBytes = 256 * 1024;
/** A stamp that nobody asked for so long is forgotten, and with it what was kept under it. */
const stampMs = 2 * 60 * 60_000;
/** Beyond so many everything is forgotten in one go. */
const maxUntold = 1_000;
/** Stands for everything. */
const all = 'all';

/** An entry is worth what its stamps still are: KEYS are the entry and its stamps, and a stamp that is missing is made. */
const findScript = redisScript(`local stamps = {}
for place = 2, #KEYS do
  local stamp = redis.call('GET', KEYS[place])
  if not stamp then stamp = ARGV[1] end
  redis.call('SET', KEYS[place], stamp, 'PX', ARGV[2])
  stamps[#stamps + 1] = stamp
end
local current = table.concat(stamps, ' ')
local kept = redis.call('GET', KEYS[1])
if kept and string.sub(kept, 1, #current + 1) == current .. '\\n' then
  return {current, string.sub(kept, #current + 2)}
end
return {current}`);

const keepScript = redisScript(`local stamps = {}
for place = 2, #KEYS do
  local stamp = redis.call('GET', KEYS[place])
  if not stamp then return 0 end
  stamps[#stamps + 1] = stamp
end
if table.concat(stamps, ' ') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. '\\n' .. ARGV[2], 'PX', ARGV[3])
return 1`);

const forgetScript = redisScript(`return redis.call('DEL', unpack(KEYS))`);

/** Counts up when what is cached gets another form: two versions of Squadra may share a Redis. */
const form = 1;

/** What is kept, and since when on the clock of who kept it. */
interface Envelope {
  readonly form: number;
  readonly at: number;
  readonly value: unknown;
}

/**
 * The second tier in Redis.
 *
 * Each key and each tag has a stamp there, drawn at random; an entry holds the stamps of the moment before it was filled, and is of
 * no worth when one of them is another by now. So to forget is to delete a stamp, and a Redis that drops what it likes is harmless.
 */
export class RedisTier implements SecondTier {
  readonly #redis: RedisConnection;
  readonly #clock: Clock;
  /** Stamps that are to be deleted as soon as Redis can be told, each with the number of the last change. */
  readonly #untold = new Map<string, number>();
  #changes = 0;
  #hits = 0;
  #misses = 0;
  #unavailable = 0;

  constructor(redis: RedisConnection, clock: Clock) {
    this.#redis = redis;
    this.#clock = clock;
  }

  async find(kind: CacheKind, key: string, tags: readonly string[]): Promise<TierEntry | null> {
    try {
      await this.#tell();
      const found = await this.#redis.run(findScript, keysOf(kind, key, tags), [randomUUID(), stampMs]);
      const [stamps, text] = Array.isArray(found) ? found.map(String) : [];
      if (stamps === undefined) throw new Error('Redis answered something else than was asked for.');
      const kept = text === undefined ? null : this.#open(kind, text);
      if (kept === null) this.#misses += 1;
      else this.#hits += 1;
      return kept ?? { isKept: false, stamps };
    } catch {
      // The connection tells of it, once.
      this.#unavailable += 1;
      return null;
    }
  }

  async keep(kind: CacheKind, key: string, tags: readonly string[], stamps: string, value: unknown): Promise<void> {
    const envelope: Envelope = { form, at: this.#clock.now(), value };
    const bytes = serialize(envelope);
    if (bytes.length > maxBytes) return;
    const given = [stamps, bytes.toString('base64'), cacheLifetimesMs[kind]];
    await this.#redis.run(keepScript, keysOf(kind, key, tags), given).catch(() => {});
  }

  async forget(kind: CacheKind, key: string): Promise<void> {
    await this.#forget(stampOfKey(kind, key));
  }

  async forgetTag(tag: string): Promise<void> {
    await this.#forget(stampOfTag(tag));
  }

  statistics(): SecondTierStatistics {
    return { hits: this.#hits, misses: this.#misses, unavailable: this.#unavailable, isUp: this.#redis.isUp };
  }

  async #forget(stamp: string): Promise<void> {
    this.#changes += 1;
    this.#untold.set(stamp, this.#changes);
    if (this.#untold.size > maxUntold) {
      this.#untold.clear();
      this.#untold.set(all, this.#changes);
    }
    await this.#tell().catch(() => {});
  }

  /** Has Redis forget what it was not told to forget yet. */
  async #tell(): Promise<void> {
    if (this.#untold.size === 0) return;
    const told = [...this.#untold];
    await this.#redis.run(
      forgetScript,
      told.map(([stamp]) => stamp),
      [],
    );
    for (const [stamp, change] of told) if (this.#untold.get(stamp) === change) this.#untold.delete(stamp);
  }

  /** Null for what other code has kept, or nobody can read. */
  #open(kind: CacheKind, text: string): TierEntry | null {
    try {
      const envelope = deserialize(Buffer.from(text, 'base64')) as Envelope;
      const { at, value } = envelope;
      const ageMs = Math.max(0, this.#clock.now() - at);
      return envelope.form === form && ageMs < cacheLifetimesMs[kind] ? { isKept: true, value, ageMs } : null;
    } catch {
      return null;
    }
  }
}

function keysOf(kind: CacheKind, key: string, tags: readonly string[]): string[] {
  return [`entry:${cacheKey(kind, key)}`, all, stampOfKey(kind, key), ...tags.map(stampOfTag)];
}

function stampOfKey(kind: CacheKind, key: string): string {
  return `key:${cacheKey(kind, key)}`;
}

function stampOfTag(tag: string): string {
  return `tag:${tag}`;
}
